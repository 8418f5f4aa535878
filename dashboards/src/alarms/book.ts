/** The open alarms this page knows, kept by what the socket tells. Closed ones stay a while for rows that are frozen. */
import type { Alarm, Priority } from '../wire/alarm';
import type { AlarmsMessage } from '../wire/live';
import { isUnacknowledged } from './filter';
import { compare, type Entry } from './order';

/** Closed alarms kept for frozen rows; more than an operator selects at once, little memory. */
const KEEP_CLOSED = 2000;

export class AlarmBook {
  /** Given back to the server on resume. */
  alarmVersion = 0;
  #open = new Map<string, Entry>();
  #closed = new Map<string, Alarm>();

  get size(): number {
    return this.#open.size;
  }

  /** Applies a message; gives back the alarms that were not on the list before. */
  apply(message: AlarmsMessage): Alarm[] {
    const before = message.reset ? this.#open : undefined;
    if (message.reset) this.#open = new Map();
    const fresh: Alarm[] = [];
    for (const alarm of message.items) {
      const known = (before ?? this.#open).has(alarm.id);
      this.put(alarm);
      if (!known && alarm.state !== 'normal') fresh.push(alarm);
    }
    if (before) for (const [id, entry] of before) if (!this.#open.has(id)) this.#close(entry.alarm);
    this.alarmVersion = message.alarm_version;
    return fresh;
  }

  /** Takes in one alarm, for example the answer to an acknowledgement. An older version changes nothing. */
  put(alarm: Alarm): void {
    const known = this.#open.get(alarm.id);
    if (known && known.alarm.version > alarm.version) return;
    if (alarm.state === 'normal') {
      this.#open.delete(alarm.id);
      this.#close(alarm);
      return;
    }
    const closed = this.#closed.get(alarm.id);
    if (closed && closed.version > alarm.version) return;
    this.#closed.delete(alarm.id);
    this.#open.set(alarm.id, { alarm, raisedMs: Date.parse(alarm.raised) });
  }

  get(id: string): Alarm | undefined {
    return this.#open.get(id)?.alarm ?? this.#closed.get(id);
  }

  /** Open alarms, worst and newest first. */
  sorted(): Alarm[] {
    return [...this.#open.values()].sort(compare).map((entry) => entry.alarm);
  }

  /** Open alarms of each priority, index 1 to 4. */
  perPriority(): Record<Priority, { open: number; unacknowledged: number }> {
    const counts = {
      1: { open: 0, unacknowledged: 0 },
      2: { open: 0, unacknowledged: 0 },
      3: { open: 0, unacknowledged: 0 },
      4: { open: 0, unacknowledged: 0 },
    };
    for (const { alarm } of this.#open.values()) {
      counts[alarm.priority].open++;
      if (isUnacknowledged(alarm)) counts[alarm.priority].unacknowledged++;
    }
    return counts;
  }

  #close(alarm: Alarm): void {
    this.#closed.set(alarm.id, alarm.state === 'normal' ? alarm : { ...alarm, state: 'normal' });
    if (this.#closed.size > KEEP_CLOSED) {
      const oldest = this.#closed.keys().next().value;
      if (oldest !== undefined) this.#closed.delete(oldest);
    }
  }
}
