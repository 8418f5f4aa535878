// Ages, numbers, units and times in both languages.
import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBeatAge,
  formatClock,
  formatMoment,
  formatNumber,
  formatValue,
  formatZone,
} from '../../src/ui/format';

describe('ages', () => {
  it('read in both languages', () => {
    const cases: [number, string, string][] = [
      [-3, '0 s', '0 s'],
      [59.9, '59 s', '59 s'],
      [60, '1 min', '1 min'],
      [3599, '59 min', '59 min'],
      [7500, '2 h 05 min', '2 h 05 min'],
      [86_400, '1 g', '1 d'],
      [97_200, '1 g 3 h', '1 d 3 h'],
    ];
    for (const [seconds, italian, english] of cases) {
      expect(formatAge(seconds, 'it')).toBe(italian);
      expect(formatAge(seconds, 'en')).toBe(english);
    }
  });

  it('of the picture have one decimal while they are short', () => {
    expect(formatBeatAge(430, 'it')).toBe('0,4 s');
    expect(formatBeatAge(430, 'en')).toBe('0.4 s');
    expect(formatBeatAge(12_000, 'it')).toBe('12 s');
  });
});

describe('values', () => {
  const check = (value: Parameters<typeof formatValue>[0], unit: string | null, italian: string, english: string) => {
    expect(formatValue(value, unit, 'it')).toBe(italian);
    expect(formatValue(value, unit, 'en')).toBe(english);
  };

  it('carry their unit and about four digits', () => {
    check(3.4219, 'bar', '3,42 bar', '3.42 bar');
    check(0.003123, 'm/s²', '0,00312 m/s²', '0.00312 m/s²');
    check(228.46, 'V', '228,5 V', '228.5 V');
    check(12345.6, 'm³', '12.346 m³', '12,346 m³');
    check(0, '°C', '0 °C', '0 °C');
    check(48, '%', '48 %', '48%');
  });

  it('are prefixed where people expect it', () => {
    check(4.1e6, 'bit/s', '4,1 Mbit/s', '4.1 Mbit/s');
    check(950, 'W', '950 W', '950 W');
    check(25_300, 'W', '25,3 kW', '25.3 kW');
  });

  it('say what they are when they are no number', () => {
    check(null, 'V', '–', '–');
    check(NaN, 'V', '–', '–');
    check(true, null, 'sì', 'yes');
    check('open', null, 'open', 'open');
    check(7, '1', '7', '7');
  });
});

describe('numbers and times', () => {
  it('are grouped as the language does', () => {
    expect(formatNumber(5030, 'it')).toBe('5.030');
    expect(formatNumber(5030, 'en')).toBe('5,030');
  });

  it('are shown in the time of the city', () => {
    expect(formatClock('2026-11-22T07:05:09Z', 'it')).toBe('08:05:09');
    expect(formatClock('2026-07-22T07:05:09Z', 'en')).toBe('09:05:09');
  });

  it('tell the two hours of the clock change apart', () => {
    const before = formatMoment('2026-10-25T00:30:00Z', 'it');
    const after = formatMoment('2026-10-25T01:30:00Z', 'it');
    expect(before).toContain('02:30:00');
    expect(after).toContain('02:30:00');
    expect(before).not.toBe(after);
    expect(formatZone('2026-10-25T00:30:00Z', 'it')).not.toBe(formatZone('2026-10-25T01:30:00Z', 'it'));
  });
});
