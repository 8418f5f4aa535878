/** What came through each door, and what became of it. */
import type { Schema } from './narrow';

export type Sources = Schema['Sources'];
export type Source = Schema['Source'];
export type Ledger = Schema['Ledger'];
