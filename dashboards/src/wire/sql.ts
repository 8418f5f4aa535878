/** Answers to an analyst's question. */
import type { Schema } from './narrow';

export type Cell = Schema['Scalar'];
export type SqlAnswer = Schema['SqlAnswer'];
