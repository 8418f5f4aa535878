// What the pages about the data compute: sums, bytes, periods, time lines, tables, and reading again.
import { describe, expect, it } from 'vitest';
import { ended, findings, LOOKS, Pace, total, unaccounted } from '../../src/data/account';
import { asHex, asJson, asText, fromBase64 } from '../../src/data/bytes';
import { dayOf, days, daysBefore, midnight } from '../../src/data/period';
import { Reread } from '../../src/data/reread.svelte';
import { stretches } from '../../src/data/strip';
import { table } from '../../src/data/table';
import { share } from '../../src/panels/completeness/share';
import type { LettersReplayed } from '../../src/wire/letter';
import type { Ledger, Source, Sources } from '../../src/wire/source';

const ledger = (changes: Partial<Ledger> = {}): Ledger => ({
  received: 10,
  stored: 10,
  duplicate: 0,
  conflict: 0,
  refused: {},
  ignored: 0,
  shed: 0,
  waiting: 0,
  ...changes,
});
const source = (name: string, changes: Partial<Source> = {}): Source => ({
  name,
  kind: 'broker',
  connected: true,
  connections: 1,
  since: null,
  last_message: null,
  last_error: null,
  messages: ledger(),
  readings: ledger(),
  ...changes,
});

describe('the sums of a source', () => {
  it('find what stands nowhere', () => {
    const even = ledger({
      received: 21,
      duplicate: 4,
      refused: { schema: 2, range: 1 },
      shed: 1,
      ignored: 1,
      waiting: 2,
    });
    expect(ended(even, 'refused')).toBe(3);
    expect(unaccounted(even)).toBe(0);
    expect(unaccounted({ ...even, received: 22 })).toBe(1);
    const both = total([even, even]);
    expect([both.received, both.refused.schema, unaccounted(both)]).toEqual([42, 4, 0]);
  });

  it('say nothing when nothing is missing, and the worst first when something is', () => {
    expect(findings([source('a'), source('b')])).toEqual([]);
    const found = findings([
      source('shed', { messages: ledger({ received: 11, shed: 1 }) }),
      source('refused', { messages: ledger({ received: 12, refused: { schema: 2 } }) }),
      source('lost', { readings: ledger({ received: 11 }) }),
      source('away', { connected: false }),
    ]);
    expect(found.map((one) => [one.kind, one.source.name])).toEqual([
      ['unaccounted', 'lost'],
      ['away', 'away'],
      ['refused', 'refused'],
      ['shed', 'shed'],
    ]);
  });
});

describe('the pace of a source', () => {
  const look = (seconds: number, received: number): Sources => ({
    time: new Date(seconds * 1000).toISOString(),
    counted_since: new Date(0).toISOString(),
    items: [source('a', { messages: ledger({ received }) })],
  });
  const of = (pace: Pace) => pace.of(source('a'));

  it('is what came between two looks, by the clock of the server', () => {
    const pace = new Pace();
    for (const [at, received] of [
      [0, 100],
      [2, 140],
      [4, 140],
      [4, 140],
    ])
      pace.note(look(at, received), (one) => one.messages.received);
    expect(of(pace)).toEqual([20, 0]);
  });

  it('begins anew with another run of the server, and forgets what is long ago', () => {
    const pace = new Pace();
    pace.note(look(0, 5000), (one) => one.messages.received);
    pace.note(look(2, 10), (one) => one.messages.received);
    expect(of(pace)).toEqual([0]);
    for (let at = 3; at < 3 + 2 * LOOKS; at++) pace.note(look(at, at * 10), (one) => one.messages.received);
    expect(of(pace)).toHaveLength(LOOKS);
  });
});

describe('the bytes of a message', () => {
  it('are text only when they are', () => {
    expect(asText(fromBase64(btoa('{"a":1}\r\n\t')))).toBe('{"a":1}\r\n\t');
    expect(asText(Uint8Array.of(0xff, 0x7b))).toBeNull();
    expect(asText(Uint8Array.of(0x41, 0x00))).toBeNull();
  });

  it('are laid out as JSON without losing what a parser would', () => {
    expect(asJson('{"id":12345678901234567890,"a":1,"a":[ ],"s":"x{,:\\"y","o":{}}')).toBe(
      '{\n  "id": 12345678901234567890,\n  "a": 1,\n  "a": [],\n  "s": "x{,:\\"y",\n  "o": {}\n}',
    );
    expect(asJson('[1,-2.5e3,null,true]')).toBe('[\n  1,\n  -2.5e3,\n  null,\n  true\n]');
    expect(asJson('{"a":')).toBeNull();
    expect(asJson('7')).toBe('7');
  });

  it('are shown byte by byte', () => {
    const lines = asHex(Uint8Array.from({ length: 18 }, (_, index) => 0x38 + index)).split('\n');
    expect(lines[0]).toBe('00000000  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47  89:;<=>?@ABCDEFG');
    expect(lines[1]).toBe(`00000010  48 49${' '.repeat(44)}HI`);
    expect(asHex(Uint8Array.of(0, 255))).toContain('00 ff');
  });
});

describe('days of the city', () => {
  const zone = 'Europe/Rome';
  it('begin at its midnight, and have 23 or 25 hours when clocks change', () => {
    expect(new Date(midnight('2026-01-15', zone)).toISOString()).toBe('2026-01-14T23:00:00.000Z');
    expect(new Date(midnight('2026-07-15', zone)).toISOString()).toBe('2026-07-14T22:00:00.000Z');
    const hours = (first: string, last: string) => {
      const { from, to } = days(first, last, zone);
      return (to - from) / 3_600_000;
    };
    expect(hours('2026-03-29', '2026-03-29')).toBe(23);
    expect(hours('2026-10-25', '2026-10-25')).toBe(25);
    expect(hours('2026-10-20', '2026-10-26')).toBe(7 * 24 + 1);
    expect(hours('2026-12-31', '2027-01-01')).toBe(48);
  });

  it('are named as people there name them', () => {
    expect(dayOf(Date.parse('2026-06-30T22:30:00Z'), zone)).toBe('2026-07-01');
    expect(daysBefore('2026-03-01', 1)).toBe('2026-02-28');
    expect(daysBefore('2026-01-01', 31)).toBe('2025-12-01');
  });
});

describe('a time line of silence', () => {
  const gap = (from: number, to: number) => ({
    metric: 'm',
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    missed: 1,
  });

  it('lays the gaps of all metrics over each other', () => {
    const found = stretches([gap(600, 700), gap(100, 300), gap(200, 400), gap(250, 260), gap(950, 2000)], 0, 1000);
    expect(found).toEqual([
      { from: 0.1, to: 0.4 },
      { from: 0.6, to: 0.7 },
      { from: 0.95, to: 1 },
    ]);
    expect(stretches([], 0, 1000)).toEqual([]);
  });
});

describe('a part of the whole', () => {
  it('is never rounded up to everything', () => {
    expect(share(1, 'it')).toBe('100 %');
    expect(share(0.99999999, 'it')).toBe('99,99 %');
    expect(share(0.99987, 'en')).toBe('99.98%');
    expect(share(0, 'en')).toBe('0.00%');
  });
});

describe('a row for the register', () => {
  it('keeps whatever a person types in its cell', () => {
    expect(table({ id: 'a', name: 'Via "Roma", 3', area: '', latitude: '-38.1' })).toBe(
      'id,name,area,latitude\na,"Via ""Roma"", 3",,-38.1\n',
    );
    expect(table({ id: '=1+1', name: "'=x", area: "'Ntoni" })).toBe("id,name,area\n'=1+1,''=x,'Ntoni\n");
  });
});

describe('reading again', () => {
  const answer = (ids: string[]): LettersReplayed => ({
    letters: ids.map((id) => ({ id, fate: 'understood', readings: 1, reason: null, detail: null })),
    stored: ids.length,
    duplicate: 0,
    conflict: 0,
    more: false,
  });
  const many = Array.from({ length: 120 }, (_, index) => String(index));

  it('goes a few at a time through all of them', async () => {
    const asked: number[] = [];
    const work = new Reread(many, false, async (ids, trial) => {
      asked.push(ids.length);
      expect(trial).toBe(false);
      return answer(ids);
    });
    await work.run();
    expect(asked).toEqual([50, 50, 20]);
    expect([work.done, work.stored, work.count('understood'), work.running]).toEqual([120, 120, 120, false]);
  });

  it('stops where it is told, and keeps what is done when the server goes away', async () => {
    const stopping = new Reread(many, true, async (ids) => {
      stopping.stop();
      return answer(ids);
    });
    await stopping.run();
    expect(stopping.done).toBe(50);
    const failing = new Reread(many, true, async (ids) => {
      if (ids[0] === '50') throw new Error('away');
      return answer(ids);
    });
    await expect(failing.run()).rejects.toThrow('away');
    expect([failing.done, failing.failed, failing.outcomes.length]).toEqual([50, true, 50]);
  });
});
