/** Which series of an asset can be drawn as a line. */
import type { AssetDetail } from '../../wire/asset';

/** Names of numeric metrics, each once, in the order of the server: what stands for the asset on the map comes first. */
export function chartable(detail: AssetDetail): string[] {
  const numbers = detail.series.filter((series) => typeof series.value === 'number' || series.value === null);
  return [...new Set(numbers.map((series) => series.metric))];
}
