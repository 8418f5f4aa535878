/**
 * The picture of the city as columns: one byte of state and one value per slot.
 * It holds 100,000 assets without an object per update; who draws it listens for the range that changed.
 */
import { fold } from '../alarms/filter';
import type { AssetBrief } from '../wire/asset';
import { STATE, type Frame } from '../wire/frame';

/** Counted apart: nothing wrong, the four priorities, waiting after return, and no data. */
export type Look = 'normal' | 'p1' | 'p2' | 'p3' | 'p4' | 'returned' | 'stale';

export const LOOKS: readonly Look[] = ['normal', 'p1', 'p2', 'p3', 'p4', 'returned', 'stale'];

/** The one look of a state byte. An active alarm wins over missing data, missing data over a waiting return. */
export function lookOf(state: number): number {
  const priority = state & STATE.priority;
  if (priority >= 1 && priority <= 4) return priority;
  if (state & STATE.stale) return 6;
  if (state & STATE.returned) return 5;
  return 0;
}

const LOOK_OF = Uint8Array.from({ length: 256 }, (_, state) => lookOf(state));

export interface Counts {
  assets: number;
  byState: Record<Look, number>;
}

/** Slots from `first` to `last` inclusive changed; `reset` when everything may have. */
export interface Change {
  first: number;
  last: number;
  reset: boolean;
}

type Listener = (change: Change) => void;

const NEVER_HEARD = STATE.stale;

export class Board {
  /** Last version applied; asked for again on resume. */
  version = 0;
  /** Server time of the last frame, milliseconds since 1970. */
  serverMs = 0;
  /** Frames applied since the page was opened. */
  frames = 0;
  states = new Uint8Array(0);
  values = new Float32Array(0);
  /** Asset of each slot; a slot without an asset is not counted nor drawn. */
  assets: (AssetBrief | undefined)[] = [];
  /** Words to search for, without accents and capitals, by slot; made when first asked for. */
  #words: string[] | undefined;
  /** Index into `domains` of each slot. */
  domainOf = new Uint8Array(0);
  domains: string[] = [];

  #slotById = new Map<string, number>();
  #listeners = new Set<Listener>();
  /** Row per domain, column per look. */
  #tally = new Int32Array(0);
  #assetCount = 0;

  get size(): number {
    return this.states.length;
  }

  get assetCount(): number {
    return this.#assetCount;
  }

  /** Replaces the list of assets. States that are already known are kept: the socket may have been faster. */
  load(assets: AssetBrief[], domains: string[]): void {
    let top = this.size;
    for (const asset of assets) if (asset.slot >= top) top = asset.slot + 1;
    this.#grow(top);
    const names = [...domains];
    this.assets = new Array<AssetBrief | undefined>(top);
    this.#slotById.clear();
    this.domainOf.fill(0);
    for (const asset of assets) {
      let domain = names.indexOf(asset.domain);
      if (domain < 0) domain = names.push(asset.domain) - 1;
      this.assets[asset.slot] = asset;
      this.domainOf[asset.slot] = domain;
      this.#slotById.set(asset.id, asset.slot);
    }
    this.domains = names;
    this.#words = undefined;
    this.#assetCount = this.#slotById.size;
    this.#count();
    this.#tell({ first: 0, last: top - 1, reset: true });
  }

  /** The server started anew: slots and versions mean nothing any more. */
  forget(): void {
    this.version = 0;
    this.states.fill(NEVER_HEARD);
    this.values.fill(NaN);
    this.#count();
    this.#tell({ first: 0, last: this.size - 1, reset: true });
  }

  apply(frame: Frame): void {
    const { slots, states, values } = frame;
    const reset = frame.kind === 'snapshot';
    let top = this.size;
    for (let i = 0; i < slots.length; i++) if (slots[i] >= top) top = slots[i] + 1;
    const grown = top > this.size;
    this.#grow(top);
    if (reset) {
      this.states.fill(NEVER_HEARD);
      this.values.fill(NaN);
    }
    let first = Infinity;
    let last = -1;
    const looks = LOOKS.length;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      const before = this.states[slot];
      const after = states[i];
      this.values[slot] = values[i];
      if (before === after) continue;
      this.states[slot] = after;
      if (slot < first) first = slot;
      if (slot > last) last = slot;
      if (!reset && this.assets[slot]) {
        const row = this.domainOf[slot] * looks;
        this.#tally[row + LOOK_OF[before]]--;
        this.#tally[row + LOOK_OF[after]]++;
      }
    }
    if (reset) this.#count();
    this.version = frame.version;
    this.serverMs = frame.serverMs;
    this.frames++;
    if (reset || grown) this.#tell({ first: 0, last: this.size - 1, reset: true });
    else if (last >= 0) this.#tell({ first, last, reset: false });
  }

  slotOf(id: string): number | undefined {
    return this.#slotById.get(id);
  }

  asset(id: string): AssetBrief | undefined {
    const slot = this.#slotById.get(id);
    return slot === undefined ? undefined : this.assets[slot];
  }

  /** What can be searched for in the asset of this slot. */
  wordsOf(slot: number): string {
    this.#words ??= this.assets.map((asset) =>
      asset ? fold(`${asset.name} ${asset.id} ${asset.area ?? ''} ${asset.circuit ?? ''}`) : '',
    );
    return this.#words[slot] ?? '';
  }

  /** How many assets show each look, all domains or one. */
  counts(domain?: string): Counts {
    const byState: Record<Look, number> = { normal: 0, p1: 0, p2: 0, p3: 0, p4: 0, returned: 0, stale: 0 };
    let assets = 0;
    this.domains.forEach((name, row) => {
      if (domain !== undefined && name !== domain) return;
      LOOKS.forEach((look, column) => {
        const count = this.#tally[row * LOOKS.length + column];
        byState[look] += count;
        assets += count;
      });
    });
    return { assets, byState };
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  #count(): void {
    this.#tally = new Int32Array(Math.max(1, this.domains.length) * LOOKS.length);
    for (let slot = 0; slot < this.assets.length; slot++) {
      if (this.assets[slot]) this.#tally[this.domainOf[slot] * LOOKS.length + LOOK_OF[this.states[slot]]]++;
    }
  }

  #grow(size: number): void {
    if (size <= this.size) return;
    const states = new Uint8Array(size).fill(NEVER_HEARD);
    states.set(this.states);
    this.states = states;
    const values = new Float32Array(size).fill(NaN);
    values.set(this.values);
    this.values = values;
    const domainOf = new Uint8Array(size);
    domainOf.set(this.domainOf);
    this.domainOf = domainOf;
  }
}
