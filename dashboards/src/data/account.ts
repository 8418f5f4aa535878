/** Whether everything that came is accounted for, and how fast it comes. */
import type { Ledger, Source, Sources } from '../wire/source';

/** The ways in which what came can end, in the order in which people add them up. */
export const ENDS = ['stored', 'duplicate', 'conflict', 'refused', 'ignored', 'shed', 'waiting'] as const;
export type End = (typeof ENDS)[number];

export function refused(ledger: Ledger): number {
  return Object.values(ledger.refused).reduce((sum, count) => sum + count, 0);
}

export function ended(ledger: Ledger, end: End): number {
  return end === 'refused' ? refused(ledger) : ledger[end];
}

/** What came and stands nowhere: always 0, or the program has a fault. */
export function unaccounted(ledger: Ledger): number {
  return ledger.received - ENDS.reduce((sum, end) => sum + ended(ledger, end), 0);
}

/** All sources together. */
export function total(ledgers: Ledger[]): Ledger {
  const sum: Ledger = {
    received: 0,
    stored: 0,
    duplicate: 0,
    conflict: 0,
    refused: {},
    ignored: 0,
    shed: 0,
    waiting: 0,
  };
  for (const ledger of ledgers) {
    sum.received += ledger.received;
    for (const end of ENDS) if (end !== 'refused') sum[end] += ledger[end];
    for (const [reason, count] of Object.entries(ledger.refused)) {
      sum.refused[reason] = (sum.refused[reason] ?? 0) + count;
    }
  }
  return sum;
}

/** Something that whoever looks after the data should know, the worst first. */
export type Finding =
  | { kind: 'unaccounted'; source: Source; count: number }
  | { kind: 'away'; source: Source }
  | { kind: 'refused'; source: Source; count: number }
  | { kind: 'conflict'; source: Source; count: number }
  | { kind: 'shed'; source: Source; count: number };

const RANK = ['unaccounted', 'away', 'refused', 'conflict', 'shed'];

export function findings(sources: Source[]): Finding[] {
  const found: Finding[] = [];
  for (const source of sources) {
    const missing = Math.abs(unaccounted(source.messages)) + Math.abs(unaccounted(source.readings));
    if (missing > 0) found.push({ kind: 'unaccounted', source, count: missing });
    if (!source.connected) found.push({ kind: 'away', source });
    const turned = refused(source.messages) + refused(source.readings);
    if (turned > 0) found.push({ kind: 'refused', source, count: turned });
    if (source.readings.conflict > 0) found.push({ kind: 'conflict', source, count: source.readings.conflict });
    if (source.messages.shed > 0) found.push({ kind: 'shed', source, count: source.messages.shed });
  }
  return found.sort((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
}

/** How many looks are remembered: two minutes of one every two seconds. */
export const LOOKS = 60;

/** Remembers how fast each source spoke since the page was opened. */
export class Pace {
  #last = new Map<string, { received: number; at: number }>();
  #rates = new Map<string, number[]>();

  /** Takes in what was counted at a moment; a count that goes back means that the server began anew. */
  note(sources: Sources, count: (source: Source) => number): void {
    const at = Date.parse(sources.time);
    for (const source of sources.items) {
      const key = `${source.kind}/${source.name}`;
      const received = count(source);
      const last = this.#last.get(key);
      this.#last.set(key, { received, at });
      if (!last || at <= last.at) continue;
      const rate = received < last.received ? 0 : ((received - last.received) * 1000) / (at - last.at);
      const rates = [...(this.#rates.get(key) ?? []), rate];
      this.#rates.set(key, rates.slice(-LOOKS));
    }
  }

  /** Messages a second at each look, the newest last. */
  of(source: Source): number[] {
    return this.#rates.get(`${source.kind}/${source.name}`) ?? [];
  }
}
