/** Assets per area for the far view: where they stand in the middle, how many, and the worst that is wrong there. */
import type { FeatureCollection, Point } from 'geojson';
import { lookOf, type Board } from '../live/board';

export interface AreaSummary {
  area: string;
  lon: number;
  lat: number;
  assets: number;
  alarmed: number;
  stale: number;
  /** 1 to 4, or 0 when nothing is wrong. */
  worst: number;
}

export function summarise(board: Board): AreaSummary[] {
  const areas = new Map<string, AreaSummary & { placed: number }>();
  for (const asset of board.assets) {
    if (!asset?.area) continue;
    let area = areas.get(asset.area);
    if (!area) {
      area = { area: asset.area, lon: 0, lat: 0, assets: 0, alarmed: 0, stale: 0, worst: 0, placed: 0 };
      areas.set(asset.area, area);
    }
    area.assets++;
    if (asset.lon !== null && asset.lat !== null) {
      area.placed++;
      area.lon += (asset.lon - area.lon) / area.placed;
      area.lat += (asset.lat - area.lat) / area.placed;
    }
    const look = lookOf(board.states[asset.slot]);
    if (look === 6) area.stale++;
    if (look < 1 || look > 4) continue;
    area.alarmed++;
    if (area.worst === 0 || look < area.worst) area.worst = look;
  }
  return [...areas.values()].sort(
    (a, b) =>
      (a.worst || 9) - (b.worst || 9) || b.alarmed - a.alarmed || b.assets - a.assets || a.area.localeCompare(b.area),
  );
}

export function toFeatures(areas: AreaSummary[], count: (n: number) => string): FeatureCollection<Point> {
  return {
    type: 'FeatureCollection',
    features: areas
      .filter((area) => area.lon !== 0 || area.lat !== 0)
      .map((area) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [area.lon, area.lat] },
        properties: { name: area.area, label: `${area.area}\n${count(area.assets)}`, worst: area.worst },
      })),
  };
}
