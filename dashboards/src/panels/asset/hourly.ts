/** The table beside a chart: one row per hour with least, mean and most. */
import type { HistoryPoint } from '../../wire/history';

export interface Hour {
  t_ms: number;
  min: number;
  mean: number;
  max: number;
}

const HOUR_MS = 3_600_000;

/** Newest hour first. The mean is weighted by the readings in each point. */
export function hourly(points: readonly HistoryPoint[]): Hour[] {
  const hours = new Map<number, Hour & { count: number }>();
  for (const point of points) {
    const start = Math.floor(point.t_ms / HOUR_MS) * HOUR_MS;
    const hour = hours.get(start);
    if (!hour) {
      hours.set(start, { t_ms: start, min: point.min, mean: point.mean, max: point.max, count: point.count });
      continue;
    }
    hour.min = Math.min(hour.min, point.min);
    hour.max = Math.max(hour.max, point.max);
    const count = hour.count + point.count;
    if (count > 0) hour.mean = (hour.mean * hour.count + point.mean * point.count) / count;
    hour.count = count;
  }
  return [...hours.values()]
    .sort((a, b) => b.t_ms - a.t_ms)
    .map(({ t_ms, min, mean, max }) => ({ t_ms, min, mean, max }));
}
