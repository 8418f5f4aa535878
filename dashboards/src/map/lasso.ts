/** What lies inside a line drawn by hand. */
import type { Grid } from './grid';

/** A closed line: x and y in turns, in the units of the layer. The last point is joined with the first. */
export type Loop = Float64Array;

/** Whether a point is inside, by how often a ray from it crosses the line; a line that crosses itself leaves holes, as on paper. */
export function isInside(loop: Loop, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = loop.length - 2; i < loop.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [loop[i], loop[i + 1], loop[j], loop[j + 1]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** The slots inside, of those that `wanted` takes. Only cells under the line's box are looked at. */
export function caught(
  grid: Grid,
  x: Float32Array,
  y: Float32Array,
  loop: Loop,
  wanted: (slot: number) => boolean,
): number[] {
  if (loop.length < 6) return [];
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < loop.length; i += 2) {
    west = Math.min(west, loop[i]);
    east = Math.max(east, loop[i]);
    north = Math.min(north, loop[i + 1]);
    south = Math.max(south, loop[i + 1]);
  }
  const slots: number[] = [];
  grid.each(west, north, east, south, (slot) => {
    if (wanted(slot) && isInside(loop, x[slot], y[slot])) slots.push(slot);
  });
  return slots;
}
