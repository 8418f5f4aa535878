/** Words for the doors through which data come, and for what becomes of them. */
import type { End } from '../../data/account';
import { m } from '../../paraglide/messages.js';
import type { Source } from '../../wire/source';

export function kindWord(source: Source): string {
  switch (source.kind) {
    case 'listener':
      return m.source_listener();
    case 'broker':
      return m.source_broker();
    case 'http':
      return m.source_http();
    case 'replay':
      return m.source_replay();
  }
}

/** A name that people know it by: the listener, HTTP and the replay have only one each. */
export function sourceWord(source: Source): string {
  return source.kind === 'broker' ? source.name : kindWord(source);
}

const WORDS: Record<End, () => string> = {
  stored: m.end_stored,
  duplicate: m.end_duplicate,
  conflict: m.end_conflict,
  refused: m.end_refused,
  ignored: m.end_ignored,
  shed: m.end_shed,
  waiting: m.end_waiting,
};

export const endWord = (end: End): string => WORDS[end]();

const HELP: Record<End, () => string> = {
  stored: m.end_stored_help,
  duplicate: m.end_duplicate_help,
  conflict: m.end_conflict_help,
  refused: m.end_refused_help,
  ignored: m.end_ignored_help,
  shed: m.end_shed_help,
  waiting: m.end_waiting_help,
};

export const endHelp = (end: End): string => HELP[end]();
