/** A time line of silence: gaps of several metrics laid over each other. */
import type { Gap } from '../wire/completeness';

/** A stretch in which something was silent, as parts of the whole from 0 to 1. */
export interface Stretch {
  from: number;
  to: number;
}

/** The stretches in which at least one metric was silent, in order and apart from each other. */
export function stretches(gaps: Gap[], from: number, to: number): Stretch[] {
  const span = Math.max(1, to - from);
  const part = (time: string) => Math.min(1, Math.max(0, (Date.parse(time) - from) / span));
  const sorted = gaps.map((gap) => ({ from: part(gap.from), to: part(gap.to) })).sort((a, b) => a.from - b.from);
  const merged: Stretch[] = [];
  for (const stretch of sorted) {
    const last = merged.at(-1);
    if (last && stretch.from <= last.to) last.to = Math.max(last.to, stretch.to);
    else merged.push(stretch);
  }
  return merged;
}
