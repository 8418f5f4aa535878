/**
 * The test hook. The map is a canvas that neither a test nor a screen reader can look into, so the page tells:
 *
 * `window.__specola.counts()` gives `{assets, byState: {normal, p1, p2, p3, p4, returned, stale}}` of what the map draws;
 * `.alarms()` the open alarms in list order; `.board` and `.map` the objects behind; `.layer` the asset layer;
 * `.ready` is true when the map has drawn its first complete picture; `.status()` the state of the live connection.
 */
import type { Map as MapLibre } from 'maplibre-gl';
import type { Board, Counts } from '../live/board';
import type { AssetLayer } from '../map/layer';
import type { Alarm } from '../wire/alarm';

export interface Hook {
  counts(): Counts;
  alarms(): Alarm[];
  status(): string;
  board: Board | undefined;
  map: MapLibre | undefined;
  layer: AssetLayer | undefined;
  ready: boolean;
}

declare global {
  interface Window {
    __specola: Hook;
  }
}

const nothing: Counts = { assets: 0, byState: { normal: 0, p1: 0, p2: 0, p3: 0, p4: 0, returned: 0, stale: 0 } };

export const hook: Hook = {
  counts: () => nothing,
  alarms: () => [],
  status: () => 'connecting',
  board: undefined,
  map: undefined,
  layer: undefined,
  ready: false,
};
