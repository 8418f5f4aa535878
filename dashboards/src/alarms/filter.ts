/** Which alarms the operator wants to see; lives in the address, so that every view can be linked. */
import type { Alarm, Priority } from '../wire/alarm';

export type Show = 'open' | 'unacknowledged' | 'closed';

export interface Filter {
  show: Show;
  /** Empty means all. */
  priorities: Priority[];
  domains: string[];
  text: string;
}

export const EVERYTHING: Filter = { show: 'open', priorities: [], domains: [], text: '' };

export function isUnacknowledged(alarm: Alarm): boolean {
  return alarm.state === 'active_unacknowledged' || alarm.state === 'returned_unacknowledged';
}

export function isActive(alarm: Alarm): boolean {
  return alarm.state === 'active_unacknowledged' || alarm.state === 'active_acknowledged';
}

/** Text for searching, without accents and capitals. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
}

export function matches(alarm: Alarm, filter: Filter): boolean {
  if (filter.show === 'open' && alarm.state === 'normal') return false;
  if (filter.show === 'unacknowledged' && alarm.state !== 'active_unacknowledged') return false;
  if (filter.show === 'closed' && alarm.state !== 'normal') return false;
  if (filter.priorities.length > 0 && !filter.priorities.includes(alarm.priority)) return false;
  if (filter.domains.length > 0 && !filter.domains.includes(alarm.domain)) return false;
  if (filter.text === '') return true;
  const wanted = fold(filter.text);
  return [alarm.title.it, alarm.title.en, alarm.asset_name, alarm.asset, alarm.area, alarm.domain].some(
    (text) => text !== null && fold(text).includes(wanted),
  );
}

export function fromQuery(query: URLSearchParams): Filter {
  const show = query.get('show');
  const list = (name: string) => (query.get(name) ?? '').split(',').filter((item) => item !== '');
  return {
    show: show === 'unacknowledged' || show === 'closed' ? show : 'open',
    priorities: list('priority')
      .map(Number)
      .filter((n): n is Priority => n >= 1 && n <= 4 && Number.isInteger(n)),
    domains: list('domain'),
    text: query.get('q') ?? '',
  };
}

/** What has to be in the address for this filter; `null` takes a key out. */
export function toQuery(filter: Filter): Record<'show' | 'priority' | 'domain' | 'q', string | null> {
  return {
    show: filter.show === 'open' ? null : filter.show,
    priority: filter.priorities.length > 0 ? filter.priorities.join(',') : null,
    domain: filter.domains.length > 0 ? filter.domains.join(',') : null,
    q: filter.text === '' ? null : filter.text,
  };
}
