/** History of one metric of one asset, reduced so that no peak is lost. */
import type { Priority } from './alarm';
import type { Limit } from './asset';
import type { Narrow, Schema } from './narrow';

export type HistoryPoint = Schema['HistoryPoint'];
export type HistoryAlarm = Narrow<Schema['HistoryAlarm'], { priority: Priority }>;
export type History = Narrow<Schema['History'], { limits: Limit[]; alarms: HistoryAlarm[] }>;
