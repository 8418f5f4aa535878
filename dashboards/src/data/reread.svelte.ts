/** Reading refused messages again, a few at a time, so that a person sees how far it is and can stop. */
import type { LetterOutcome, LettersReplayed } from '../wire/letter';

/** Letters of one question to the server: an answer within a second or two. */
const AT_ONCE = 50;

export type Ask = (ids: string[], dryRun: boolean, signal: AbortSignal) => Promise<LettersReplayed>;

export class Reread {
  done = $state(0);
  running = $state(false);
  stopped = $state(false);
  failed = $state(false);
  outcomes = $state.raw<LetterOutcome[]>([]);
  stored = $state(0);
  duplicate = $state(0);
  conflict = $state(0);
  readonly ids: string[];
  readonly trial: boolean;
  #abort = new AbortController();
  #ask: Ask;

  constructor(ids: string[], trial: boolean, ask: Ask) {
    this.ids = ids;
    this.trial = trial;
    this.#ask = ask;
  }

  count(fate: LetterOutcome['fate']): number {
    return this.outcomes.filter((outcome) => outcome.fate === fate).length;
  }

  /** Asks for all of them. What the server has begun is finished there even when this page goes away. */
  async run(): Promise<void> {
    this.running = true;
    this.failed = false;
    try {
      while (this.done < this.ids.length && !this.stopped) {
        const ids = this.ids.slice(this.done, this.done + AT_ONCE);
        const part = await this.#ask(ids, this.trial, this.#abort.signal);
        this.outcomes = [...this.outcomes, ...part.letters];
        this.stored += part.stored;
        this.duplicate += part.duplicate;
        this.conflict += part.conflict;
        this.done += ids.length;
      }
    } catch (error) {
      this.failed = true;
      throw error;
    } finally {
      this.running = false;
    }
  }

  /** Ends after the question that is under way. */
  stop(): void {
    this.stopped = true;
  }
}
