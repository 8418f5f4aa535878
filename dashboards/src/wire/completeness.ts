/** How much of what should have come has come. */
import type { Schema } from './narrow';

export type Completeness = Schema['Completeness'];
export type Share = Schema['Share'];
export type DeviceHoles = Schema['DeviceHoles'];
export type DeviceGaps = Schema['DeviceGaps'];
export type Gap = Schema['Gap'];
