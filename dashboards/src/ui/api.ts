/** Questions to the server. One place for errors: a problem the server explains, or a server that does not answer. */
import type { Acknowledged, Alarm, AlarmDetail, AlarmPage } from '../wire/alarm';
import type { AssetBrief, AssetDetail, AssetPage } from '../wire/asset';
import type { City } from '../wire/city';
import type { History } from '../wire/history';
import type { Problem } from '../wire/problem';
import type { Session } from '../wire/session';
import type { SqlAnswer } from '../wire/sql';

/** The server answered and refused. */
export class Refused extends Error {
  readonly status: number;
  /** Last part of the problem's `type`, for example `bad-credentials`. */
  readonly slug: string;
  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.slug = (problem.type ?? '').split(':').pop() ?? '';
  }
}

/** The server did not answer, or not as itself. */
export class Unreachable extends Error {}

/** Longer than the server's own deadline for SQL. */
const DEADLINE_MS = 60_000;
/** The server's largest page of assets. */
const ASSET_PAGE = 20_000;

/** Asks with a JSON body, or with none. */
export function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return answer(path, { method, ...(body === undefined ? {} : json) }, signal);
}

/** Hands in a text that is no JSON. */
export function send<T>(path: string, kind: string, body: string, signal?: AbortSignal): Promise<T> {
  return answer(path, { method: 'POST', headers: { 'content-type': kind }, body }, signal);
}

async function answer<T>(path: string, request: RequestInit, signal?: AbortSignal): Promise<T> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      ...request,
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Unreachable(`HTTP ${response.status} without JSON`);
  }
  if (!response.ok) {
    if (response.status >= 502) throw new Unreachable(`HTTP ${response.status}`);
    throw new Refused(response.status, read as Partial<Problem>);
  }
  return read as T;
}

/** What stands after the question mark; what is not said is left out. */
export function query(parameters: Record<string, string | number | undefined | null>): string {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
}

export const api = {
  session: () => ask<Session>('GET', '/session'),
  signIn: (username: string, password: string) => ask<Session>('POST', '/session', { username, password }),
  signInByLink: (code: string) => ask<Session>('POST', '/session/link', { code }),
  signOut: () => ask<undefined>('DELETE', '/session'),
  city: () => ask<City>('GET', '/city'),

  async assets(): Promise<AssetBrief[]> {
    const all: AssetBrief[] = [];
    let after: string | null = null;
    do {
      const page: AssetPage = await ask('GET', `/assets${query({ limit: ASSET_PAGE, after })}`);
      all.push(...page.items);
      after = page.next;
    } while (after !== null);
    return all;
  },
  asset: (id: string, signal?: AbortSignal) =>
    ask<AssetDetail>('GET', `/assets/${encodeURIComponent(id)}`, undefined, signal),
  history: (id: string, metric: string, from: string, to: string, points: number, signal?: AbortSignal) =>
    ask<History>(
      'GET',
      `/assets/${encodeURIComponent(id)}/history${query({ metric, from, to, points })}`,
      undefined,
      signal,
    ),

  alarms: (
    filter: { state: string; priority?: string; domain?: string; q?: string; after?: string | null; limit?: number },
    signal?: AbortSignal,
  ) => ask<AlarmPage>('GET', `/alarms${query(filter)}`, undefined, signal),
  alarm: (id: string, signal?: AbortSignal) =>
    ask<AlarmDetail>('GET', `/alarms/${encodeURIComponent(id)}`, undefined, signal),
  acknowledge: (id: string, note?: string) =>
    ask<Alarm>('POST', `/alarms/${encodeURIComponent(id)}/acknowledge`, note ? { note } : {}),
  acknowledgeMany: (ids: string[], note?: string) =>
    ask<Acknowledged>('POST', '/alarms/acknowledge', note ? { ids, note } : { ids }),

  sql: (sql: string, limit: number, signal?: AbortSignal) => ask<SqlAnswer>('POST', '/sql', { sql, limit }, signal),
};
