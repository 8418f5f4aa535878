/** Closed alarms, asked of the server page by page. */
import type { Filter } from '../../alarms/filter';
import { desk } from '../../live/desk.svelte';
import { api } from '../../ui/api';
import type { Alarm } from '../../wire/alarm';

const PAGE = 200;

export class ClosedAlarms {
  items = $state.raw<Alarm[]>([]);
  next = $state<string | null>(null);
  busy = $state(false);
  failed = $state(false);
  #asked = 0;

  /** Starts again with this filter. An older answer that comes later is thrown away. */
  async load(filter: Filter): Promise<void> {
    this.items = [];
    this.next = null;
    await this.#ask(filter, null);
  }

  async more(filter: Filter): Promise<void> {
    if (this.busy || this.next === null) return;
    await this.#ask(filter, this.next);
  }

  async #ask(filter: Filter, after: string | null): Promise<void> {
    const mine = ++this.#asked;
    this.busy = true;
    this.failed = false;
    try {
      const page = await api.alarms({
        state: 'closed',
        priority: filter.priorities.join(','),
        domain: filter.domains.join(','),
        q: filter.text,
        after,
        limit: PAGE,
      });
      if (mine !== this.#asked) return;
      this.items = after === null ? page.items : [...this.items, ...page.items];
      this.next = page.next;
    } catch (error) {
      if (mine === this.#asked && !desk.ended(error)) this.failed = true;
    } finally {
      if (mine === this.#asked) this.busy = false;
    }
  }
}
