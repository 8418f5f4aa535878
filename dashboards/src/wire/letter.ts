/** Refused messages, and what becomes of them when they are read again. */
import type { Narrow, Schema } from './narrow';

export type Letter = Schema['Letter'];
export type LetterPage = Schema['LetterPage'];
export type LetterCount = Schema['LetterCount'];
export type LetterDetail = Schema['LetterDetail'];
export type LetterTimeline = Schema['LetterTimeline'];
export type LetterLine = Schema['LetterLine'];

/** What became of a letter that was read again. */
export type Fate = 'understood' | 'refused' | 'incomplete' | 'unknown';
export type LetterOutcome = Narrow<Schema['LetterOutcome'], { fate: Fate }>;
export type LettersReplayed = Narrow<Schema['LettersReplayed'], { letters: LetterOutcome[] }>;
export type LettersDiscarded = Schema['LettersDiscarded'];
