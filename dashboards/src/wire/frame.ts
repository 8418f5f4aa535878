/** Binary frames of the live socket: little endian, a header of 32 bytes, then columns. */

const MAGIC = 0x314c5053;
const HEADER = 32;

export interface Frame {
  kind: 'snapshot' | 'delta';
  version: number;
  serverMs: number;
  slots: Uint32Array;
  states: Uint8Array;
  /** Main value of each asset; NaN when it has none. */
  values: Float32Array;
}

/** A frame that does not follow the contract. The socket is closed and opened again. */
export class FrameError extends Error {}

/** Reads one frame. Views share the buffer: nothing is copied. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER) throw new FrameError(`frame of ${buffer.byteLength} bytes has no header`);
  const view = new DataView(buffer);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) throw new FrameError(`unknown magic 0x${magic.toString(16)}`);
  const kind = view.getUint8(4);
  if (kind !== 1 && kind !== 2) throw new FrameError(`unknown frame kind ${kind}`);
  const count = view.getUint32(24, true);
  const statesAt = HEADER + 4 * count;
  const valuesAt = statesAt + Math.ceil(count / 4) * 4;
  const wanted = valuesAt + 4 * count;
  if (buffer.byteLength !== wanted) {
    throw new FrameError(`frame of ${count} assets has ${buffer.byteLength} bytes instead of ${wanted}`);
  }
  return {
    kind: kind === 1 ? 'snapshot' : 'delta',
    version: Number(view.getBigUint64(8, true)),
    serverMs: view.getFloat64(16, true),
    slots: new Uint32Array(buffer, HEADER, count),
    states: new Uint8Array(buffer, statesAt, count),
    values: new Float32Array(buffer, valuesAt, count),
  };
}

/** What the bits of a state byte say. */
export const STATE = { priority: 0b111, unacknowledged: 8, stale: 16, returned: 32, group: 64 } as const;
