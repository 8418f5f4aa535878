// The live socket with a clock and a network of our own: hello, resume, loss within two seconds, quick return.
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/live/backoff';
import { LiveSocket, OLD_AFTER_MS, type Handlers, type Status, type Surroundings } from '../../src/live/socket';
import type { Subscribe } from '../../src/wire/live';

class FakeSocket {
  sent: Subscribe[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  binaryType = '';
  closed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text) as Subscribe);
  }
  close() {
    this.closed = true;
  }
  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function desk() {
  let now = 0;
  let next = 1;
  const timers = new Map<number, { at: number; run: () => void }>();
  const sockets: FakeSocket[] = [];
  const statuses: Status[] = [];
  const told = { restarted: 0, ended: 0 };
  const around: Surroundings = {
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    now: () => now,
    later: (run, ms) => {
      timers.set(next, { at: now + ms, run });
      return next++;
    },
    cancel: (timer) => timers.delete(timer),
    chance: () => 1,
  };
  const handlers: Handlers = {
    hello: (_, restarted) => (told.restarted += Number(restarted)),
    frame: () => undefined,
    beat: () => undefined,
    alarms: () => undefined,
    assetsChanged: () => undefined,
    status: (status) => statuses.push(status),
    sessionEnded: () => told.ended++,
    resume: () => ({ version: 41, alarm_version: 7 }),
  };
  const live = new LiveSocket('ws://x', handlers, around);
  const pass = (ms: number) => {
    const until = now + ms;
    for (;;) {
      const due = [...timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      timers.delete(due[0]);
      now = due[1].at;
      due[1].run();
    }
    now = until;
  };
  const hello = (epoch: number) => ({ type: 'hello', epoch, version: 1, alarm_version: 1, server_ms: 0, beat_s: 1 });
  const beat = { type: 'beat', server_ms: 0, version: 1, readings_per_s: 1, kept_total: 1, open_alarms: 0, lag_ms: 1 };
  live.start();
  return { live, sockets, statuses, told, pass, hello, beat };
}

describe('live socket', () => {
  it('subscribes to everything after the first hello', () => {
    const { sockets, statuses, hello } = desk();
    sockets[0].say(hello(1));
    expect(sockets[0].sent).toEqual([{ type: 'subscribe', resume: null, viewport: null, domains: null }]);
    expect(statuses).toEqual(['open']);
  });

  it('says within two seconds that the picture is old, and that it is live again', () => {
    const { sockets, statuses, hello, beat, pass } = desk();
    sockets[0].say(hello(1));
    pass(1000);
    sockets[0].say(beat);
    pass(OLD_AFTER_MS - 1);
    expect(statuses).toEqual(['open']);
    pass(100);
    expect(statuses).toEqual(['open', 'lost']);
    sockets[0].say(beat);
    expect(statuses).toEqual(['open', 'lost', 'open']);
  });

  it('comes back at once after a loss and takes up where it was', () => {
    const { sockets, told, hello, pass } = desk();
    sockets[0].say(hello(1));
    sockets[0].onclose?.({ code: 1006 });
    pass(500);
    expect(sockets).toHaveLength(2);
    sockets[1].say(hello(1));
    expect(sockets[1].sent[0].resume).toEqual({ epoch: 1, version: 41, alarm_version: 7 });
    expect(told.restarted).toBe(0);
  });

  it('starts from nothing when the server is another run', () => {
    const { sockets, told, hello, pass } = desk();
    sockets[0].say(hello(1));
    sockets[0].onclose?.({ code: 1001 });
    pass(500);
    sockets[1].say(hello(2));
    expect(sockets[1].sent[0].resume).toBeNull();
    expect(told.restarted).toBe(1);
  });

  it('gives up a silent socket and opens another', () => {
    const { sockets, hello, pass } = desk();
    sockets[0].say(hello(1));
    pass(5000);
    expect(sockets[0].closed).toBe(true);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it('opens again after a frame that cannot be understood', () => {
    const { sockets, hello, pass } = desk();
    sockets[0].say(hello(1));
    const silence = console.error;
    console.error = () => undefined;
    sockets[0].onmessage?.({ data: new ArrayBuffer(3) });
    console.error = silence;
    expect(sockets[0].closed).toBe(true);
    pass(500);
    expect(sockets).toHaveLength(2);
  });

  it('does not come back when the session ended or it was stopped', () => {
    const { sockets, told, hello, pass } = desk();
    sockets[0].say(hello(1));
    sockets[0].onclose?.({ code: 4001 });
    pass(10_000);
    expect(told.ended).toBe(1);
    expect(sockets).toHaveLength(1);
  });
});

describe('backoff', () => {
  it('first tries within half a second and never waits longer than two', () => {
    const backoff = new Backoff();
    const waits = Array.from({ length: 12 }, () => backoff.next(1));
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(Math.max(...waits)).toBe(2000);
    backoff.reset();
    expect(backoff.next(0)).toBeLessThanOrEqual(500);
  });
});
