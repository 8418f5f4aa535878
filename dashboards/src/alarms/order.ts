/** The order of the alarm list: worst priority first, newest first inside a priority. Ties by id, so that rows never swap. */
import type { Alarm } from '../wire/alarm';

export interface Entry {
  alarm: Alarm;
  raisedMs: number;
}

export function compare(a: Entry, b: Entry): number {
  return (
    a.alarm.priority - b.alarm.priority ||
    b.raisedMs - a.raisedMs ||
    (a.alarm.id < b.alarm.id ? -1 : a.alarm.id > b.alarm.id ? 1 : 0)
  );
}

/** Ids in the order of the list. */
export function order(entries: Iterable<Entry>): string[] {
  return [...entries].sort(compare).map((entry) => entry.alarm.id);
}
