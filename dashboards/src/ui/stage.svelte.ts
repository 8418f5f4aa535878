/** What the list asks of the map and the other way round, without knowing each other. */
import type { Alarm } from '../wire/alarm';
import { keepingFilters, router } from './router.svelte';

export interface Goal {
  lon: number;
  lat: number;
  zoom: number;
}

class Stage {
  /** Where the map should look next; a new object each time, so that asking twice works. */
  goal = $state.raw<Goal | null>(null);
  /** The row under the pointer or cursor, ringed on the map. */
  pointed = $state<string | null>(null);
  help = $state(false);

  /** Looks at a place on the map, from wherever we are. */
  look(lon: number | null, lat: number | null, zoom = 16): boolean {
    if (lon === null || lat === null) return false;
    if (router.path !== '/') router.go(keepingFilters('/'));
    router.set({ pane: 'map' });
    this.goal = { lon, lat, zoom };
    return true;
  }

  show(alarm: Alarm): boolean {
    return this.look(alarm.lon, alarm.lat, alarm.member_count > 1 ? 15 : 16);
  }
}

export const stage = new Stage();
