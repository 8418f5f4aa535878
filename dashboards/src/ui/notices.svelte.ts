/** Short notices of what was done or went wrong, and the two lines a screen reader hears. */

export interface Notice {
  id: number;
  text: string;
  kind: 'done' | 'failed';
}

const SHOWN_MS = 6000;
/** More at once would hide each other. */
const SHOWN_AT_ONCE = 4;

class Notices {
  list = $state.raw<Notice[]>([]);
  polite = $state('');
  assertive = $state('');
  #next = 1;

  say(text: string, kind: Notice['kind'] = 'done'): void {
    const notice = { id: this.#next++, text, kind };
    this.list = [...this.list.slice(1 - SHOWN_AT_ONCE), notice];
    if (kind === 'failed') this.assertive = text;
    else this.polite = text;
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
