/** What the pages of whoever looks after the data ask of the server. */
import { ask, query, send } from '../ui/api';
import type { Completeness, DeviceGaps } from '../wire/completeness';
import type { LetterDetail, LetterPage, LettersDiscarded, LettersReplayed, LetterTimeline } from '../wire/letter';
import type { AssetKinds, AssetReport, NewcomerPage } from '../wire/newcomer';
import type { Sources } from '../wire/source';

/** Which letters; what is left out does not matter. */
export interface LetterFilter {
  reason?: string | null;
  source?: string | null;
  /** The beginning of the topic. */
  topic?: string | null;
  since?: string | null;
}

/** The server's largest page of letters. */
export const MOST_LETTERS = 1000;

const device = (name: string) => encodeURIComponent(name);

export const questions = {
  sources: (signal?: AbortSignal) => ask<Sources>('GET', '/sources', undefined, signal),

  letters: (filter: LetterFilter & { after?: string | null; limit?: number }, signal?: AbortSignal) =>
    ask<LetterPage>('GET', `/dead-letters${query({ ...filter })}`, undefined, signal),
  timeline: (from: string, stretches: number, signal?: AbortSignal) =>
    ask<LetterTimeline>('GET', `/dead-letters/timeline${query({ from, stretches })}`, undefined, signal),
  letter: (id: string, signal?: AbortSignal) =>
    ask<LetterDetail>('GET', `/dead-letters/${encodeURIComponent(id)}`, undefined, signal),
  replay: (ids: string[], dryRun: boolean, signal?: AbortSignal) =>
    ask<LettersReplayed>('POST', '/dead-letters/replay', { ids, dry_run: dryRun }, signal),
  discard: (ids: string[]) => ask<LettersDiscarded>('POST', '/dead-letters/discard', { ids }),

  newcomers: (filter: { class?: string | null; q?: string; after?: string | null }, signal?: AbortSignal) =>
    ask<NewcomerPage>('GET', `/newcomers${query(filter)}`, undefined, signal),
  kinds: (signal?: AbortSignal) => ask<AssetKinds>('GET', '/asset-classes', undefined, signal),
  approve: (ids: string[]) => ask<AssetReport>('POST', '/assets/approve', { ids }),
  approveClass: (name: string) => ask<AssetReport>('POST', '/assets/approve', { class: name }),
  /** Changes assets by a table; what it does not speak of stays. */
  importTable: (table: string) => send<AssetReport>('/assets/import', 'text/csv', table),
  retire: (id: string) => ask<AssetReport>('POST', `/assets/${encodeURIComponent(id)}/stage`, { stage: 'retired' }),

  completeness: (from: string, to: string, signal?: AbortSignal) =>
    ask<Completeness>('GET', `/completeness${query({ from, to })}`, undefined, signal),
  gaps: (name: string, from: string, to: string, signal?: AbortSignal) =>
    ask<DeviceGaps>('GET', `/completeness/${device(name)}${query({ from, to })}`, undefined, signal),
  completenessTable: (from: string, to: string) => `/api/v1/completeness/export${query({ from, to })}`,
};
