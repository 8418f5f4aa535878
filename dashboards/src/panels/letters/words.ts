/** Words for why messages are refused, and for what becomes of them when they are read again. */
import { m } from '../../paraglide/messages.js';
import type { Fate } from '../../wire/letter';

const REASONS: Record<string, () => string> = {
  malformed: m.refused_malformed,
  schema: m.refused_schema,
  range: m.refused_range,
  timestamp: m.refused_timestamp,
  too_large: m.refused_too_large,
  too_deep: m.refused_too_deep,
  duplicate_key: m.refused_duplicate_key,
  unknown_format: m.refused_unknown_format,
  unknown_alias: m.refused_unknown_alias,
  unknown_device: m.refused_unknown_device,
  unstorable: m.refused_unstorable,
};

/** Every reason, in the order of the list to choose from. */
export const REASON_KEYS = Object.keys(REASONS);

/** A reason that this page does not know yet is shown as it is. */
export const refusedWord = (reason: string): string => REASONS[reason]?.() ?? reason;

const FATES: Record<Fate, () => string> = {
  understood: m.fate_understood,
  refused: m.fate_refused,
  incomplete: m.fate_incomplete,
  unknown: m.fate_unknown,
};

export const fateWord = (fate: Fate): string => FATES[fate]();
