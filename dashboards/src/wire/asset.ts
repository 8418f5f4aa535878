/** Assets as they cross the wire. Same words as the server's `wire/asset.rs`. */
import type { Alarm, Priority } from './alarm';

/** Where an asset is in its life. Rules look at those in service only. */
export type Lifecycle = 'planned' | 'installed' | 'in-service' | 'out-of-service' | 'retired' | 'quarantined';

export interface AssetBrief {
  /** Place in the board's columns; never changes inside an epoch. */
  slot: number;
  id: string;
  name: string;
  domain: string;
  class: string;
  lon: number | null;
  lat: number | null;
  area: string | null;
  circuit: string | null;
  lifecycle: Lifecycle;
}

export interface AssetPage {
  items: AssetBrief[];
  next: string | null;
}

export interface Relation {
  kind: string;
  to: string;
  name: string;
}

export interface SeriesValue {
  device: string;
  metric: string;
  value: number | boolean | string | null;
  unit: string | null;
  quality: string;
  time: string;
  received: string;
  /** How old the value may grow before it is shown as stale, in seconds. */
  stale_after_s: number;
}

export interface Limit {
  metric: string;
  rule: string;
  comparison: 'above' | 'below';
  limit: number;
  priority: Priority;
}

export interface AssetDetail extends AssetBrief {
  devices: string[];
  relations: Relation[];
  properties: Record<string, string | number | boolean | null>;
  series: SeriesValue[];
  limits: Limit[];
  alarms: Alarm[];
}
