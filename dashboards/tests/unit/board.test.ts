// The board and the frames it is fed with.
import { describe, expect, it } from 'vitest';
import { Board, lookOf, type Change } from '../../src/live/board';
import { decodeFrame, FrameError } from '../../src/wire/frame';
import type { AssetBrief } from '../../src/wire/asset';

function encode(kind: number, version: number, cells: [slot: number, state: number, value: number][]): ArrayBuffer {
  const padded = Math.ceil(cells.length / 4) * 4;
  const buffer = new ArrayBuffer(32 + 8 * cells.length + padded);
  const view = new DataView(buffer);
  view.setUint32(0, 0x314c5053, true);
  view.setUint8(4, kind);
  view.setBigUint64(8, BigInt(version), true);
  view.setFloat64(16, 1_700_000_000_000, true);
  view.setUint32(24, cells.length, true);
  cells.forEach(([slot, state, value], i) => {
    view.setUint32(32 + 4 * i, slot, true);
    view.setUint8(32 + 4 * cells.length + i, state);
    view.setFloat32(32 + 4 * cells.length + padded + 4 * i, value, true);
  });
  return buffer;
}

function asset(slot: number, domain = 'water'): AssetBrief {
  return {
    slot,
    id: `a${slot}`,
    name: `A ${slot}`,
    domain,
    class: 'x',
    lon: 15,
    lat: 38,
    area: null,
    circuit: null,
    lifecycle: 'in-service',
  };
}

describe('frames', () => {
  it('gives back what was written, for every padding', () => {
    for (let count = 0; count < 9; count++) {
      const cells = Array.from({ length: count }, (_, i): [number, number, number] => [i * 3, i + 1, i / 2]);
      const frame = decodeFrame(encode(2, 7 + count, cells));
      expect(frame.kind).toBe('delta');
      expect(frame.version).toBe(7 + count);
      expect(frame.serverMs).toBe(1_700_000_000_000);
      expect([...frame.slots]).toEqual(cells.map(([slot]) => slot));
      expect([...frame.states]).toEqual(cells.map(([, state]) => state));
      expect([...frame.values]).toEqual(cells.map(([, , value]) => value));
    }
  });

  it('refuses what is not a frame and never throws anything else', () => {
    const whole = encode(1, 1, [[1, 2, 3]]);
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => decodeFrame(whole.slice(0, length))).toThrow(FrameError);
    }
    expect(() => decodeFrame(encode(3, 1, []))).toThrow('kind');
    const foreign = encode(1, 1, []);
    new DataView(foreign).setUint32(0, 42, true);
    expect(() => decodeFrame(foreign)).toThrow('magic');
  });
});

describe('looks', () => {
  it('an active alarm wins over missing data, missing data over a waiting return', () => {
    expect(lookOf(0)).toBe(0);
    expect(lookOf(1 | 16 | 32)).toBe(1);
    expect(lookOf(4 | 8)).toBe(4);
    expect(lookOf(16 | 32)).toBe(6);
    expect(lookOf(32)).toBe(5);
    expect(lookOf(7)).toBe(0);
  });
});

describe('board', () => {
  it('counts by look and domain, and deltas keep the counts right', () => {
    const board = new Board();
    board.load([asset(0), asset(1), asset(2, 'camera'), asset(5, 'camera')], ['camera', 'water']);
    expect(board.counts()).toMatchObject({ assets: 4, byState: { stale: 4 } });
    board.apply(
      decodeFrame(
        encode(
          1,
          1,
          [0, 1, 2, 5].map((slot) => [slot, 0, 1]),
        ),
      ),
    );
    expect(board.counts().byState).toMatchObject({ normal: 4, stale: 0 });
    board.apply(
      decodeFrame(
        encode(2, 2, [
          [1, 1 | 8, 2],
          [5, 3, 2],
        ]),
      ),
    );
    expect(board.counts().byState).toMatchObject({ normal: 2, p1: 1, p3: 1 });
    expect(board.counts('camera')).toMatchObject({ assets: 2, byState: { p3: 1, p1: 0 } });
    expect(board.version).toBe(2);
    expect(board.slotOf('a5')).toBe(5);
  });

  it('takes a snapshot that comes before the list of assets', () => {
    const board = new Board();
    board.apply(decodeFrame(encode(1, 4, [[3, 2, 1.5]])));
    expect(board.counts().assets).toBe(0);
    board.load([asset(3), asset(4)], ['water']);
    expect(board.counts().byState).toMatchObject({ p2: 1, stale: 1 });
    expect(board.values[3]).toBe(1.5);
  });

  it('a snapshot voids what it does not name', () => {
    const board = new Board();
    board.load([asset(0), asset(1)], ['water']);
    board.apply(decodeFrame(encode(1, 1, [[0, 1, 1], [1, 1, 1]]))); // prettier-ignore
    board.apply(decodeFrame(encode(1, 2, [[0, 0, 1]])));
    expect(board.counts().byState).toMatchObject({ normal: 1, stale: 1, p1: 0 });
  });

  it('tells the range that changed, and nothing when nothing did', () => {
    const board = new Board();
    board.load(
      [0, 1, 2, 3, 4].map((slot) => asset(slot)),
      ['water'],
    );
    board.apply(
      decodeFrame(
        encode(
          1,
          1,
          [0, 1, 2, 3, 4].map((slot) => [slot, 0, 0]),
        ),
      ),
    );
    const changes: Change[] = [];
    board.onChange((change) => changes.push(change));
    board.apply(decodeFrame(encode(2, 2, [[1, 0, 9], [3, 2, 9], [2, 4, 9]]))); // prettier-ignore
    board.apply(decodeFrame(encode(2, 3, [[1, 0, 8]])));
    expect(changes).toEqual([{ first: 2, last: 3, reset: false }]);
    expect(board.values[1]).toBe(8);
  });

  it('holds a hundred thousand assets and applies five thousand changes in a few milliseconds', () => {
    const board = new Board();
    board.load(
      Array.from({ length: 100_000 }, (_, slot) => asset(slot)),
      ['water'],
    );
    const delta = decodeFrame(
      encode(
        2,
        1,
        Array.from({ length: 5000 }, (_, i) => [i * 20, 1, i]),
      ),
    );
    const from = performance.now();
    board.apply(delta);
    expect(performance.now() - from).toBeLessThan(50);
    expect(board.counts().byState.p1).toBe(5000);
  });
});
