// Picking, places, hours and the columns of a chart.
import { describe, expect, it } from 'vitest';
import { Grid } from '../../src/map/grid';
import { caught, isInside } from '../../src/map/lasso';
import { mercator, SCALE } from '../../src/map/place';
import { columns } from '../../src/panels/asset/chart';
import { hourly } from '../../src/panels/asset/hourly';
import type { History, HistoryPoint } from '../../src/wire/history';

describe('grid', () => {
  it('finds the same slot as looking at all of them', () => {
    let seed = 5;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const x = Float32Array.from({ length: 3000 }, () => random() * 50);
    const y = Float32Array.from({ length: 3000 }, () => random() * 120);
    x[7] = NaN;
    const grid = new Grid(x, y);
    for (let i = 0; i < 300; i++) {
      const px = random() * 60 - 5;
      const py = random() * 130 - 5;
      let expected: number | undefined;
      let nearest = 1.5 ** 2;
      for (let slot = 0; slot < x.length; slot++) {
        const distance = (x[slot] - px) ** 2 + (y[slot] - py) ** 2;
        if (distance < nearest) [nearest, expected] = [distance, slot];
      }
      expect(grid.pick(px, py, 1.5, () => 0)).toBe(expected);
    }
  });

  it('prefers what is wrong to what is nearer, and skips what is hidden', () => {
    const grid = new Grid(Float32Array.of(0, 1, 0.1), Float32Array.of(0, 0, 0));
    expect(grid.pick(0, 0, 2, (slot) => (slot === 1 ? 4 : 0))).toBe(1);
    expect(grid.pick(0, 0, 2, (slot) => (slot === 0 ? -1 : 0))).toBe(2);
    expect(grid.pick(50, 50, 2, () => 0)).toBeUndefined();
  });

  it('stands on an empty city and on a single asset', () => {
    expect(new Grid(new Float32Array(0), new Float32Array(0)).pick(0, 0, 1, () => 0)).toBeUndefined();
    expect(new Grid(Float32Array.of(3), Float32Array.of(4)).pick(3, 4, 1, () => 0)).toBe(0);
  });
});

describe('places', () => {
  it('are exact to centimetres in 32 bits', () => {
    const origin = mercator(15.55, 38.19);
    const [x] = mercator(15.550001, 38.19);
    const exact = (x - origin[0]) * SCALE;
    expect(Math.abs(Math.fround(exact) - exact) / exact).toBeLessThan(1e-6);
    expect(mercator(0, 0)).toEqual([0.5, 0.5]);
  });
});

const point = (t_ms: number, mean: number, count = 1): HistoryPoint => ({
  t_ms,
  first: mean,
  min: mean - 1,
  max: mean + 1,
  last: mean,
  mean,
  count,
});

describe('history', () => {
  it('is told by the hour, newest first, with a weighted mean', () => {
    const rows = hourly([point(0, 1, 1), point(600_000, 4, 3), point(3_600_000, 9)]);
    expect(rows).toEqual([
      { t_ms: 3_600_000, min: 8, mean: 9, max: 10 },
      { t_ms: 0, min: 0, mean: 3.25, max: 5 },
    ]);
  });

  it('breaks the line in a gap and not between sparse readings', () => {
    const history = { bucket_s: 60, points: [0, 60, 120, 1200, 1260].map((s) => point(s * 1000, 1)) } as History;
    expect(columns(history)[2]).toEqual([1, 1, 1, null, 1, 1]);
    const sparse = { bucket_s: 60, points: [0, 900, 1800, 2700].map((s) => point(s * 1000, 1)) } as History;
    expect(columns(sparse)[2]).toEqual([1, 1, 1, 1]);
  });
});

describe('a lasso', () => {
  const square = Float64Array.of(0, 0, 10, 0, 10, 10, 0, 10);

  it('catches what is inside of it, and of that what is shown', () => {
    const x = Float32Array.of(5, 11, 0.5, NaN, 9, 5);
    const y = Float32Array.of(5, 5, 9.5, 5, -1, 2);
    const grid = new Grid(x, y);
    expect(caught(grid, x, y, square, () => true).sort()).toEqual([0, 2, 5]);
    expect(caught(grid, x, y, square, (slot) => slot !== 2).sort()).toEqual([0, 5]);
    expect(caught(grid, x, y, Float64Array.of(0, 0, 10, 10), () => true)).toEqual([]);
  });

  it('follows a line that bends inwards', () => {
    // A horseshoe, open above.
    const horseshoe = Float64Array.of(0, 0, 2, 0, 2, 8, 8, 8, 8, 0, 10, 0, 10, 10, 0, 10);
    expect(isInside(horseshoe, 5, 4)).toBe(false);
    expect(isInside(horseshoe, 1, 4)).toBe(true);
    expect(isInside(horseshoe, 5, 9)).toBe(true);
  });
});
