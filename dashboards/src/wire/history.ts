/** History of one metric of one asset, reduced so that no peak is lost. Same words as the server's `wire/history.rs`. */
import type { Priority } from './alarm';
import type { Limit } from './asset';

export interface HistoryPoint {
  t_ms: number;
  first: number;
  min: number;
  max: number;
  last: number;
  mean: number;
  count: number;
}

export interface HistoryAlarm {
  id: string;
  priority: Priority;
  raised_ms: number;
  returned_ms: number | null;
  message: string;
}

export interface History {
  metric: string;
  unit: string | null;
  from: string;
  to: string;
  bucket_s: number;
  points: HistoryPoint[];
  limits: Limit[];
  alarms: HistoryAlarm[];
}
