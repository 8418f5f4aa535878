/** Finds what is under the pointer: a static grid over the positions, built once, asked in microseconds. */

/** About four assets per cell keeps both the cells and the scan small. */
const PER_CELL = 4;

export class Grid {
  #x: Float32Array;
  #y: Float32Array;
  #starts: Uint32Array;
  #items: Uint32Array;
  #columns: number;
  #rows: number;
  #west = Infinity;
  #north = Infinity;
  #cell: number;

  /** Positions by slot; NaN for a slot without a place. */
  constructor(x: Float32Array, y: Float32Array) {
    this.#x = x;
    this.#y = y;
    let east = -Infinity;
    let south = -Infinity;
    let placed = 0;
    for (let slot = 0; slot < x.length; slot++) {
      if (Number.isNaN(x[slot])) continue;
      placed++;
      if (x[slot] < this.#west) this.#west = x[slot];
      if (x[slot] > east) east = x[slot];
      if (y[slot] < this.#north) this.#north = y[slot];
      if (y[slot] > south) south = y[slot];
    }
    const width = placed > 0 ? Math.max(east - this.#west, 1e-9) : 1;
    const height = placed > 0 ? Math.max(south - this.#north, 1e-9) : 1;
    this.#cell = Math.sqrt((width * height * PER_CELL) / Math.max(1, placed));
    this.#columns = Math.min(2048, Math.floor(width / this.#cell) + 1);
    this.#rows = Math.min(2048, Math.floor(height / this.#cell) + 1);
    this.#cell = Math.max(width / this.#columns, height / this.#rows) * 1.000001;
    const counts = new Uint32Array(this.#columns * this.#rows + 1);
    const cellOf = (slot: number) => this.#row(y[slot]) * this.#columns + this.#column(x[slot]);
    for (let slot = 0; slot < x.length; slot++) if (!Number.isNaN(x[slot])) counts[cellOf(slot) + 1]++;
    for (let cell = 1; cell < counts.length; cell++) counts[cell] += counts[cell - 1];
    this.#starts = counts.slice();
    this.#items = new Uint32Array(placed);
    for (let slot = 0; slot < x.length; slot++) {
      if (!Number.isNaN(x[slot])) this.#items[counts[cellOf(slot)]++] = slot;
    }
  }

  /** The best slot within `radius`: the one `rank` likes most, then the nearest. `rank` below 0 means not to be picked. */
  pick(x: number, y: number, radius: number, rank: (slot: number) => number): number | undefined {
    let best: number | undefined;
    let bestRank = -1;
    let bestDistance = Infinity;
    this.each(x - radius, y - radius, x + radius, y + radius, (slot) => {
      const distance = (this.#x[slot] - x) ** 2 + (this.#y[slot] - y) ** 2;
      if (distance > radius * radius) return;
      const standing = rank(slot);
      if (standing < 0 || standing < bestRank || (standing === bestRank && distance >= bestDistance)) return;
      best = slot;
      bestRank = standing;
      bestDistance = distance;
    });
    return best;
  }

  /** Every slot inside a box. */
  each(west: number, north: number, east: number, south: number, visit: (slot: number) => void): void {
    for (let row = this.#row(north); row <= this.#row(south); row++) {
      for (let column = this.#column(west); column <= this.#column(east); column++) {
        const cell = row * this.#columns + column;
        for (let at = this.#starts[cell]; at < this.#starts[cell + 1]; at++) {
          const slot = this.#items[at];
          const x = this.#x[slot];
          const y = this.#y[slot];
          if (x >= west && x <= east && y >= north && y <= south) visit(slot);
        }
      }
    }
  }

  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((x - this.#west) / this.#cell)));
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.#north) / this.#cell)));
  }
}
