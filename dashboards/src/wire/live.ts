/** Text frames of the live socket. Binary frames are in `frame.ts`. */
import type { Alarm } from './alarm';

export const SUBPROTOCOL = 'specola.v1';

export type Epoch = string | number;

export interface Hello {
  type: 'hello';
  epoch: Epoch;
  version: number;
  alarm_version: number;
  server_ms: number;
  beat_s: number;
}

export interface Beat {
  type: 'beat';
  server_ms: number;
  version: number;
  readings_per_s: number;
  kept_total: number;
  open_alarms: number;
  /** Age of the newest reading when it was shown, arrival to board. */
  lag_ms: number;
}

export interface AlarmsMessage {
  type: 'alarms';
  reset: boolean;
  alarm_version: number;
  items: Alarm[];
}

export interface AssetsChanged {
  type: 'assets_changed';
  epoch: Epoch;
}

export interface Pong {
  type: 'pong';
  sent_ms: number;
  server_ms: number;
}

export type ServerMessage = Hello | Beat | AlarmsMessage | AssetsChanged | Pong;

export interface Resume {
  epoch: Epoch;
  version: number;
  alarm_version: number;
}

export interface Subscribe {
  type: 'subscribe';
  resume: Resume | null;
  viewport: [number, number, number, number] | null;
  domains: string[] | null;
}

/** Why the server hung up. */
export const CLOSE = { sessionEnded: 4001, tooSlow: 4008, badMessage: 4009, stopping: 1001 } as const;
