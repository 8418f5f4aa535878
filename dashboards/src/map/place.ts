/** Places as the map layer needs them: Web Mercator, relative to the city so that 32 bits are exact to millimetres. */

/** `0..1` over the world, x eastwards and y southwards. */
export function mercator(lon: number, lat: number): [number, number] {
  const sin = Math.sin((lat * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - (0.25 * Math.log((1 + sin) / (1 - sin))) / Math.PI];
}

/** Scales positions so that one unit is about a hundred metres: well inside what a 32-bit number resolves. */
export const SCALE = 400_000;
