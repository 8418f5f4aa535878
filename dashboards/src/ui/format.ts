/** Numbers, units, ages and times as people read them, in both languages. Stored times are UTC; shown times are the city's. */

export type Locale = 'it' | 'en';

const TAG = { it: 'it-IT', en: 'en-GB' } as const;
const AGE = { it: { s: 's', min: 'min', h: 'h', d: 'g' }, en: { s: 's', min: 'min', h: 'h', d: 'd' } } as const;

let zone = 'Europe/Rome';

/** The city's time zone, told once by `/city`. */
export function setZone(name: string): void {
  zone = name;
  formats.clear();
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: Locale, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale} ${key}`;
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(TAG[locale], { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(name, found);
  }
  return found;
}

type Instant = string | number | Date;

/** `14:05:09` */
export function formatClock(at: Instant, locale: Locale): string {
  return format(locale, 'clock', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));
}

/** `14:05` */
export function formatHour(at: Instant, locale: Locale): string {
  return format(locale, 'hour', { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

/** `22/11/2026, 14:05:09 CET`: the zone tells the two hours of the clock change apart. */
export function formatMoment(at: Instant, locale: Locale): string {
  return format(locale, 'moment', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(at));
}

/** `CET` or `CEST`. */
export function formatZone(at: Instant, locale: Locale): string {
  const parts = format(locale, 'zone', { hour: '2-digit', timeZoneName: 'short' }).formatToParts(new Date(at));
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** `0,4 s`, `12 s`, `3 min`, `2 h 05 min`, `4 g 3 h`. Never negative: a clock that runs ahead reads as now. */
export function formatAge(seconds: number, locale: Locale): string {
  const unit = AGE[locale];
  const age = Math.max(0, seconds);
  if (age < 60) return `${Math.floor(age)} ${unit.s}`;
  if (age < 3600) return `${Math.floor(age / 60)} ${unit.min}`;
  if (age < 86_400) {
    const minutes = Math.floor((age % 3600) / 60);
    return `${Math.floor(age / 3600)} ${unit.h} ${String(minutes).padStart(2, '0')} ${unit.min}`;
  }
  const hours = Math.floor((age % 86_400) / 3600);
  return `${Math.floor(age / 86_400)} ${unit.d}${hours > 0 ? ` ${hours} ${unit.h}` : ''}`;
}

/** A short time with one decimal below ten seconds, for the age of the picture. */
export function formatBeatAge(ms: number, locale: Locale): string {
  if (ms < 10_000) return `${formatNumber(Math.max(0, ms) / 1000, locale, 1, 1)} s`;
  return formatAge(ms / 1000, locale);
}

const numbers = new Map<string, Intl.NumberFormat>();

export function formatNumber(value: number, locale: Locale, maximum = 0, minimum = 0): string {
  const key = `${locale} ${maximum} ${minimum}`;
  let found = numbers.get(key);
  if (!found) {
    found = new Intl.NumberFormat(TAG[locale], {
      maximumFractionDigits: maximum,
      minimumFractionDigits: minimum,
      useGrouping: 'always',
    });
    numbers.set(key, found);
  }
  return found.format(value);
}

/** Units that are read more easily with a prefix. */
const PREFIXED = new Set(['bit/s', 'W', 'Wh', 'VA', 'Hz', 'B']);

/** Decimals so that about four digits are shown; small values keep their first three significant ones. */
function decimals(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  return Math.min(8, 2 - Math.floor(Math.log10(size)));
}

/** `3,42 bar`, `4,10 Mbit/s`, `sì`. A missing value is a dash, never an empty cell. */
export function formatValue(
  value: number | boolean | string | null | undefined,
  unit: string | null,
  locale: Locale,
): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return locale === 'it' ? (value ? 'sì' : 'no') : value ? 'yes' : 'no';
  if (typeof value === 'string') return unit ? `${value} ${unit}` : value;
  if (!Number.isFinite(value)) return '–';
  let shown = value;
  let name = unit ?? '';
  if (PREFIXED.has(name)) {
    const steps = ['', 'k', 'M', 'G', 'T'];
    let step = 0;
    while (Math.abs(shown) >= 10_000 / (step === 0 ? 1 : 10) && step < steps.length - 1) {
      shown /= 1000;
      step++;
    }
    name = steps[step] + name;
  }
  const text = formatNumber(shown, locale, decimals(shown));
  if (name === '' || name === '1') return text;
  return name === '%' && locale === 'en' ? `${text}%` : `${text} ${name}`;
}
