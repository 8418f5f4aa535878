/** Which rows are chosen and where the cursor stands. Pure: the list asks it after every key and click. */

export interface Selection {
  cursor: string | null;
  /** Where a range started. */
  anchor: string | null;
  chosen: ReadonlySet<string>;
}

export const NONE: Selection = { cursor: null, anchor: null, chosen: new Set() };

/** Moves the cursor by `step` rows; with `extend` everything between anchor and cursor is chosen. */
export function move(selection: Selection, rows: readonly string[], step: number, extend: boolean): Selection {
  if (rows.length === 0) return NONE;
  const at = selection.cursor === null ? -1 : rows.indexOf(selection.cursor);
  // Without a cursor a step down starts at the top and a step up at the bottom; Home and End are what they say.
  const from = at >= 0 ? at : Number.isFinite(step) && step < 0 ? rows.length : -1;
  const target = Math.min(rows.length - 1, Math.max(0, from + step));
  return place(selection, rows, rows[target], extend);
}

/** Puts the cursor on a row; with `extend` chooses the range from the anchor. */
export function place(selection: Selection, rows: readonly string[], id: string, extend: boolean): Selection {
  if (!extend) return { cursor: id, anchor: id, chosen: selection.chosen };
  const anchor = selection.anchor ?? selection.cursor ?? id;
  const from = rows.indexOf(anchor);
  const to = rows.indexOf(id);
  const [low, high] = from < to ? [from, to] : [to, from];
  return { cursor: id, anchor, chosen: new Set(rows.slice(Math.max(0, low), high + 1)) };
}

/** Chooses or leaves one row. */
export function toggle(selection: Selection, id: string): Selection {
  const chosen = new Set(selection.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  return { cursor: id, anchor: id, chosen };
}

/** What an action is about: the chosen rows, else the row under the cursor. */
export function subject(selection: Selection): string[] {
  if (selection.chosen.size > 0) return [...selection.chosen];
  return selection.cursor === null ? [] : [selection.cursor];
}
