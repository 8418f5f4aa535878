/** The times that a timeline can look back, each in stretches that people count in. */
import { m } from '../../paraglide/messages.js';

export interface Back {
  key: string;
  hours: number;
  stretches: number;
  name: () => string;
}

export const PERIODS: Back[] = [
  { key: '1h', hours: 1, stretches: 60, name: m.span_hour },
  { key: '24h', hours: 24, stretches: 48, name: m.span_day },
  { key: '7d', hours: 168, stretches: 84, name: m.span_week },
  { key: '30d', hours: 720, stretches: 90, name: m.span_month },
];

export const periodOf = (key: string | null): Back => PERIODS.find((one) => one.key === key) ?? PERIODS[2];
