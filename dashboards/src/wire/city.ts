/** The city this desk looks at. */
import type { Narrow, Schema } from './narrow';

/** West, south, east, north. */
export type Bounds = [number, number, number, number];

export type City = Narrow<Schema['City'], { center: [number, number]; bounds: Bounds }>;
