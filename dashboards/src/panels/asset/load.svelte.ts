/** One asset with its last values, kept fresh while it is looked at. */
import { untrack } from 'svelte';
import { desk } from '../../live/desk.svelte';
import { api, Refused } from '../../ui/api';
import type { AssetDetail } from '../../wire/asset';

/** Last values are asked again this often, and at once when the asset's state changed. */
const EVERY_MS = 5000;

export class AssetDetails {
  detail = $state.raw<AssetDetail | null>(null);
  missing = $state(false);
  failed = $state(false);

  /** Call while a component starts: follows the asset until the component goes. */
  constructor(id: string) {
    let state: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = new AbortController();

    const ask = async () => {
      clearTimeout(timer);
      try {
        this.detail = await api.asset(id, abort.signal);
        this.missing = this.failed = false;
      } catch (error) {
        if (abort.signal.aborted || desk.ended(error)) return;
        this.missing = error instanceof Refused && error.status === 404;
        this.failed = !this.missing;
      }
      if (!abort.signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS);
    };

    $effect(() => {
      void desk.boardTick;
      const slot = desk.board.slotOf(id);
      const now = slot === undefined ? -1 : desk.board.states[slot];
      if (state === now) return;
      state = now;
      untrack(() => void ask());
    });
    $effect(() => () => {
      clearTimeout(timer);
      abort.abort();
    });
  }
}
