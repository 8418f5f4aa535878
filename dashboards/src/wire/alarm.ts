/** Alarms as they cross the wire. Same words as the server's `wire/alarm.rs`. */

/** The same sentence in both languages. */
export interface Words {
  it: string;
  en: string;
}

/** 1 critical, 2 high, 3 medium, 4 low. */
export type Priority = 1 | 2 | 3 | 4;

export type AlarmState = 'active_unacknowledged' | 'active_acknowledged' | 'returned_unacknowledged' | 'normal';

export interface Alarm {
  id: string;
  rule: string;
  key: string;
  domain: string;
  priority: Priority;
  state: AlarmState;
  asset: string | null;
  asset_name: string;
  lon: number | null;
  lat: number | null;
  area: string | null;
  title: Words;
  cause: Words;
  consequence: Words;
  action: Words;
  respond_within_s: number | null;
  value: number | null;
  unit: string | null;
  limit: number | null;
  metric: string | null;
  raised: string;
  returned: string | null;
  acknowledged: string | null;
  acknowledged_by: string | null;
  note: string | null;
  member_count: number;
  active_member_count: number;
  first_out: string | null;
  version: number;
}

export interface AlarmMember {
  asset: string;
  name: string;
  lon: number | null;
  lat: number | null;
  since: string;
  value: number | null;
  unit: string | null;
  active: boolean;
}

export interface JournalEntry {
  seq: number;
  time: string;
  kind: string;
  actor: string | null;
  note: string | null;
  value: number | null;
}

export interface AlarmDetail extends Alarm {
  members: AlarmMember[];
  journal: JournalEntry[];
}

export interface AlarmPage {
  items: Alarm[];
  next: string | null;
}

/** What came of acknowledging many at once: nothing is skipped without a reason. */
export interface Acknowledged {
  done: string[];
  skipped: { id: string; reason: string }[];
}
