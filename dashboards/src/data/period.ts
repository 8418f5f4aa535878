/** Whole days of the city as moments: a day has 23 or 25 hours when clocks change. */

/** A period from a moment inclusive until another. */
export interface Period {
  from: number;
  to: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `2026-10-25` in this zone. */
export function dayOf(at: number, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(at);
}

/** How far this zone is ahead of UTC at a moment. */
function ahead(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(
    number('year'),
    number('month') - 1,
    number('day'),
    number('hour'),
    number('minute'),
    number('second'),
  );
  return wall - Math.floor(at / 1000) * 1000;
}

/** The first moment of a day in this zone. */
export function midnight(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  const guess = utc - ahead(utc, zone);
  // The clock may have been changed between the guess and midnight.
  return utc - ahead(guess, zone);
}

/** From the beginning of one day to the end of another. */
export function days(first: string, last: string, zone: string): Period {
  const next = dayOf(midnight(last, zone) + DAY_MS + 2 * HOUR_MS, zone);
  return { from: midnight(first, zone), to: midnight(next, zone) };
}

/** The day so many days before another. */
export function daysBefore(day: string, count: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) - count * DAY_MS).toISOString().slice(0, 10);
}
