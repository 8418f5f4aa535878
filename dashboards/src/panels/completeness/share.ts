/** A part of the whole as people read it. */
import { formatNumber, type Locale } from '../../ui/format';

/** `99,98 %`: two decimals, and never 100 % while something is missing. */
export function share(ratio: number, locale: Locale): string {
  const percent = ratio >= 1 ? 100 : Math.min(99.99, Math.floor(ratio * 10_000) / 100);
  const text = formatNumber(percent, locale, 2, percent === 100 ? 0 : 2);
  return locale === 'en' ? `${text}%` : `${text} %`;
}
