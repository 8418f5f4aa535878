/** Devices that nobody approved yet, and what they can be. */
import type { Schema } from './narrow';

export type Newcomer = Schema['Newcomer'];
export type NewcomerPage = Schema['NewcomerPage'];
export type AssetKind = Schema['AssetKind'];
export type AssetKinds = Schema['AssetKinds'];
export type AssetReport = Schema['AssetReport'];
