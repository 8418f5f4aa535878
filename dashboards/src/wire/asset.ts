/** Assets as they cross the wire. */
import type { Alarm, Priority } from './alarm';
import type { Narrow, Schema } from './narrow';

/** Where an asset is in its life. Rules look at those in service only. */
export type Lifecycle = 'planned' | 'installed' | 'in-service' | 'out-of-service' | 'retired' | 'quarantined';

export type AssetBrief = Narrow<Schema['AssetBrief'], { lifecycle: Lifecycle }>;
export type AssetPage = Narrow<Schema['AssetPage'], { items: AssetBrief[] }>;
export type Relation = Schema['Relation'];
export type SeriesValue = Schema['SeriesValue'];
export type Limit = Narrow<Schema['Limit'], { priority: Priority }>;
export type AssetDetail = AssetBrief &
  Pick<Schema['AssetDetail'], 'devices' | 'relations' | 'properties' | 'series'> & { limits: Limit[]; alarms: Alarm[] };
