/** Alarms as they cross the wire. */
import type { Narrow, Schema } from './narrow';

/** The same sentence in both languages. */
export type Words = Schema['Words'];

/** 1 critical, 2 high, 3 medium, 4 low. */
export type Priority = 1 | 2 | 3 | 4;

export type AlarmState = Schema['AlarmState'];
export type Alarm = Narrow<Schema['Alarm'], { priority: Priority }>;
export type AlarmMember = Schema['AlarmMember'];
export type JournalEntry = Schema['JournalEntry'];
export type AlarmDetail = Alarm & Pick<Schema['AlarmDetail'], 'members' | 'journal'>;
export type AlarmPage = Narrow<Schema['AlarmPage'], { items: Alarm[] }>;

/** What came of acknowledging many at once: nothing is skipped without a reason. */
export type Acknowledged = Schema['Acknowledged'];
