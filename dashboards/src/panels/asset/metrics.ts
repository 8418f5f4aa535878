/** Which series of an asset can be drawn as a line. */
import type { AssetDetail } from '../../wire/asset';

/** Names of numeric metrics, each once: those with a limit first, because they are what alarms are about. */
export function chartable(detail: AssetDetail): string[] {
  const limited = new Set(detail.limits.map((limit) => limit.metric));
  const names = new Set(
    detail.series.filter((series) => typeof series.value === 'number' || series.value === null).map((s) => s.metric),
  );
  return [...names].sort((a, b) => Number(limited.has(b)) - Number(limited.has(a)));
}
