/** How long to wait before the next try: at once at first, never longer than two seconds. */
const STEPS_MS = [250, 500, 1000, 1500, 2000];

export class Backoff {
  #tries = 0;

  get tries(): number {
    return this.#tries;
  }

  /** The wait before the next try; the last fifth of it is chance, so that a hundred desks do not knock together. */
  next(chance: number): number {
    const step = STEPS_MS[Math.min(this.#tries, STEPS_MS.length - 1)];
    this.#tries++;
    return Math.round(step * (0.8 + 0.2 * chance));
  }

  reset(): void {
    this.#tries = 0;
  }
}
