/** Rows do not jump under the operator's hand: while frozen the order stands still and what is new is counted apart. */

export class FrozenOrder {
  #frozen: string[] | undefined;

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** Holds this order until it is thawed. Freezing twice keeps the first. */
  freeze(order: readonly string[]): void {
    this.#frozen ??= [...order];
  }

  thaw(): void {
    this.#frozen = undefined;
  }

  /** Takes in what is new while staying frozen. */
  renew(order: readonly string[]): void {
    if (this.#frozen) this.#frozen = [...order];
  }

  /**
   * The rows to draw and what waits outside. A row that left the list meanwhile keeps its place while `known` still
   * knows it (shown as closed), so that nothing moves.
   */
  view(order: readonly string[], known: (id: string) => boolean): { rows: readonly string[]; waiting: string[] } {
    if (!this.#frozen) return { rows: order, waiting: [] };
    const held = new Set(this.#frozen);
    return {
      rows: this.#frozen.filter(known),
      waiting: order.filter((id) => !held.has(id)),
    };
  }
}
