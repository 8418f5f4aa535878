/** Which page an address shows. Every page but the operator's desk is fetched when it is first needed. */
import type { Component } from 'svelte';
import { m } from '../paraglide/messages.js';
import type { Role } from '../wire/session';

/** A page and what it is given. */
export interface Route {
  load: () => Promise<{ default: Component<Record<string, unknown>> }>;
  props: Record<string, unknown>;
  title: string;
  /** Another key is another page, even of the same kind. */
  key: string;
}

type Loader = () => Promise<{ default: unknown }>;

const pages = {
  alarms: () => import('./Alarms.svelte'),
  assets: () => import('./Assets.svelte'),
  asset: () => import('./Asset.svelte'),
  sql: () => import('./Sql.svelte'),
  data: () => import('./data/Data.svelte'),
  help: () => import('./Help.svelte'),
  accessibility: () => import('./Accessibility.svelte'),
  nowhere: () => import('./NotFound.svelte'),
} satisfies Record<string, Loader>;

function to(name: keyof typeof pages, title: string, props: Record<string, unknown> = {}, key: string = name): Route {
  // The pages differ in what they are given; each is given what it wants below.
  return { load: pages[name] as unknown as Route['load'], props, title, key };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page of an address; none for the operator's desk. */
export function routeOf(path: string, nameOf: (asset: string) => string): Route | null {
  if (path === '/' || path === '/signin') return null;
  if (path === '/alarms') return to('alarms', m.nav_alarms(), { alarmId: null });
  if (path.startsWith('/alarms/')) return to('alarms', m.nav_alarms(), { alarmId: decode(path.slice(8)) });
  if (path === '/assets') return to('assets', m.nav_assets());
  if (path.startsWith('/assets/')) {
    const id = decode(path.slice(8));
    return to('asset', nameOf(id), { id }, `asset ${id}`);
  }
  if (path === '/sql') return to('sql', m.nav_sql());
  if (path === '/data' || path.startsWith('/data/')) return to('data', m.nav_data(), { path: path.slice(6) });
  if (path === '/help') return to('help', m.nav_help());
  if (path === '/accessibility') return to('accessibility', m.accessibility_title());
  return to('nowhere', m.not_found_title());
}

/** Whether this role has pages about the data themselves. */
export function looksAfterData(role: Role | undefined): boolean {
  return role === 'admin' || role === 'analyst' || role === 'operator';
}

/**
 * Fetches the other pages while nothing else is to do: the next click is answered at once, and a page that stays open while the server is
 * replaced by a newer one has what it needs.
 */
export function fetchAhead(): void {
  const later = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 2000));
  const rest = Object.values(pages);
  const next = () => {
    const load = rest.shift();
    // One that cannot be fetched now is tried again when it is needed.
    if (load)
      load().then(
        () => later(next),
        () => undefined,
      );
  };
  later(next);
}
