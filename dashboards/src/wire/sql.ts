/** Answers to an analyst's question. Same words as the server's `wire/sql.rs`. */
export type Cell = string | number | boolean | null;

export interface SqlAnswer {
  columns: { name: string; kind: string }[];
  rows: Cell[][];
  truncated: boolean;
  elapsed_ms: number;
}
