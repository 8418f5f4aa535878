/**
 * All assets in one custom WebGL2 layer: positions go up once, states are one byte each, and an update uploads only the
 * range that changed. Normal assets are drawn first, alarmed ones last and the worst on top.
 */
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl';
import { lookOf, type Board, type Change } from '../live/board';
import { STATE } from '../wire/frame';
import { PALETTES, rgba } from './palette';
import { mercator, SCALE } from './place';
import { FRAGMENT, VERTEX } from './shaders';

const UNIFORMS = [
  'u_matrix',
  'u_ratio',
  'u_zoom',
  'u_fade',
  'u_domains',
  'u_looks',
  'u_pass',
  'u_colors',
  'u_outlines',
  'u_edge',
  'u_halo',
] as const;

type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

/** Half a blink: the halo of what nobody acknowledged is on and off for as long, half a time a second. */
const BLINK_MS = 1000;

export class AssetLayer implements CustomLayerInterface {
  readonly id = 'assets';
  readonly type = 'custom' as const;
  readonly renderingMode = '2d' as const;

  /** The alarmed assets as a layer of their own, so that labels lie under what is wrong and over what is not. */
  readonly alarmed: CustomLayerInterface = {
    id: 'assets-alarmed',
    type: 'custom',
    renderingMode: '2d',
    render: (gl, input) => this.#draw(gl, input, 'alarmed'),
  };

  /** Positions by slot, NaN without a place, in layer units relative to `origin`. */
  x = new Float32Array(0);
  y = new Float32Array(0);
  origin: [number, number] = [0.5, 0.5];
  /** Uploads of states since the page was opened; for tests and measurements. */
  uploads = 0;

  #board: Board;
  #map: MapLibre | undefined;
  #gl: WebGL2RenderingContext | undefined;
  #program: WebGLProgram | null = null;
  #uniforms: Uniforms | undefined;
  #vao: WebGLVertexArrayObject | null = null;
  #places: WebGLBuffer | null = null;
  #states: WebGLBuffer | null = null;
  #domains: WebGLBuffer | null = null;
  #alarmedIndex: WebGLBuffer | null = null;
  #interleaved = new Float32Array(0);
  #placed: Board['assets'] | undefined;
  #alarmedSlots = new Uint32Array(0);
  #alarmedCount = 0;
  #unacknowledged = 0;
  #dirtyFirst = Infinity;
  #dirtyLast = -1;
  #placesDirty = true;
  #alarmedDirty = true;
  #theme: 'light' | 'dark' = 'dark';
  #domainMask = -1;
  #lookMask = -1;
  #halo = 1;
  #still = false;
  #blink: ReturnType<typeof setInterval> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(board: Board) {
    this.#board = board;
    this.#place();
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.#map = map;
    this.#gl = gl;
    this.#build(gl);
    this.#unsubscribe?.();
    this.#unsubscribe = this.#board.onChange((change) => this.#changed(change));
    this.#blink ??= setInterval(() => this.#toggleHalo(), BLINK_MS);
  }

  onRemove(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#blink);
    this.#blink = undefined;
  }

  /** After a lost WebGL context everything is built and uploaded again. */
  restore(): void {
    if (this.#gl) this.#build(this.#gl);
    this.#map?.triggerRepaint();
  }

  setTheme(theme: 'light' | 'dark'): void {
    this.#theme = theme;
    this.#map?.triggerRepaint();
  }

  setStill(still: boolean): void {
    this.#still = still;
    this.#halo = 1;
    this.#map?.triggerRepaint();
  }

  /** Shows only some domains and looks; `null` shows all. */
  setFilter(domains: string[] | null, looks: number[] | null): void {
    const bit = (mask: number, index: number) => (index < 0 ? mask : mask | (1 << index));
    this.#domainMask = domains ? domains.map((name) => this.#board.domains.indexOf(name)).reduce(bit, 0) : -1;
    this.#lookMask = looks ? looks.reduce(bit, 0) : -1;
    this.#map?.triggerRepaint();
  }

  /** Whether a slot is drawn under the filter in use. */
  isShown(slot: number): boolean {
    const look = lookOf(this.#board.states[slot]);
    return ((this.#domainMask >> this.#board.domainOf[slot]) & 1) === 1 && ((this.#lookMask >> look) & 1) === 1;
  }

  #changed(change: Change): void {
    if (change.reset) {
      if (this.#placed !== this.#board.assets || this.#interleaved.length !== this.#board.size * 2) this.#place();
      this.#dirtyFirst = 0;
      this.#dirtyLast = this.#board.size - 1;
    } else {
      this.#dirtyFirst = Math.min(this.#dirtyFirst, change.first);
      this.#dirtyLast = Math.max(this.#dirtyLast, change.last);
    }
    this.#alarmedDirty = true;
    this.#map?.triggerRepaint();
  }

  #place(): void {
    const { assets, size } = this.#board;
    this.#placed = assets;
    const first = assets.find((asset) => asset && asset.lon !== null && asset.lat !== null);
    if (first) this.origin = mercator(first.lon!, first.lat!);
    this.x = new Float32Array(size).fill(NaN);
    this.y = new Float32Array(size).fill(NaN);
    // Slots without a place are parked far outside of every view.
    this.#interleaved = new Float32Array(size * 2).fill(1e9);
    for (const asset of assets) {
      if (!asset || asset.lon === null || asset.lat === null) continue;
      const [mx, my] = mercator(asset.lon, asset.lat);
      const x = (mx - this.origin[0]) * SCALE;
      const y = (my - this.origin[1]) * SCALE;
      this.x[asset.slot] = this.#interleaved[asset.slot * 2] = x;
      this.y[asset.slot] = this.#interleaved[asset.slot * 2 + 1] = y;
    }
    this.#placesDirty = true;
  }

  #build(gl: WebGL2RenderingContext): void {
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind);
      if (!shader) return;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
        throw new Error(`map shader: ${gl.getShaderInfoLog(shader)}`);
      }
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    this.#program = program;
    this.#uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]),
    ) as unknown as Uniforms;
    this.#vao = gl.createVertexArray();
    this.#places = gl.createBuffer();
    this.#states = gl.createBuffer();
    this.#domains = gl.createBuffer();
    this.#alarmedIndex = gl.createBuffer();
    gl.bindVertexArray(this.#vao);
    const attribute = (name: string, buffer: WebGLBuffer | null, size: number, type: number) => {
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, type, false, 0, 0);
    };
    attribute('a_place', this.#places, 2, gl.FLOAT);
    attribute('a_state', this.#states, 1, gl.UNSIGNED_BYTE);
    attribute('a_domain', this.#domains, 1, gl.UNSIGNED_BYTE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#alarmedIndex);
    gl.bindVertexArray(null);
    this.#placesDirty = true;
    this.#alarmedDirty = true;
  }

  #upload(gl: WebGL2RenderingContext): void {
    const { states, domainOf, size } = this.#board;
    if (this.#placesDirty) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
      gl.bufferData(gl.ARRAY_BUFFER, this.#interleaved, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#domains);
      gl.bufferData(gl.ARRAY_BUFFER, domainOf, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#states);
      gl.bufferData(gl.ARRAY_BUFFER, states, gl.DYNAMIC_DRAW);
      this.uploads++;
    } else if (this.#dirtyLast >= this.#dirtyFirst) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#states);
      const length = Math.min(this.#dirtyLast, size - 1) - this.#dirtyFirst + 1;
      gl.bufferSubData(gl.ARRAY_BUFFER, this.#dirtyFirst, states, this.#dirtyFirst, length);
      this.uploads++;
    }
    this.#placesDirty = false;
    this.#dirtyFirst = Infinity;
    this.#dirtyLast = -1;
    if (this.#alarmedDirty) {
      this.#sortAlarmed(states);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#alarmedIndex);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, this.#alarmedSlots.subarray(0, this.#alarmedCount), gl.DYNAMIC_DRAW);
      this.#alarmedDirty = false;
    }
  }

  /** Alarmed slots with the worst at the end: two passes over the bytes, no comparison. */
  #sortAlarmed(states: Uint8Array): void {
    const starts = new Uint32Array(7);
    let unacknowledged = 0;
    for (let slot = 0; slot < states.length; slot++) {
      const look = lookOf(states[slot]);
      if (look < 1 || look > 5) continue;
      starts[6 - look]++;
      if (states[slot] & STATE.unacknowledged) unacknowledged++;
    }
    let total = 0;
    for (let rank = 0; rank < starts.length; rank++) {
      const count = starts[rank];
      starts[rank] = total;
      total += count;
    }
    if (this.#alarmedSlots.length < total)
      this.#alarmedSlots = new Uint32Array(Math.max(total, this.#alarmedSlots.length * 2));
    for (let slot = 0; slot < states.length; slot++) {
      const look = lookOf(states[slot]);
      if (look >= 1 && look <= 5) this.#alarmedSlots[starts[6 - look]++] = slot;
    }
    this.#alarmedCount = total;
    this.#unacknowledged = unacknowledged;
  }

  #toggleHalo(): void {
    if (this.#still || document.hidden || this.#unacknowledged === 0) return;
    this.#halo = this.#halo > 0.5 ? 0 : 1;
    this.#map?.triggerRepaint();
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    this.#draw(gl, input, 'quiet');
  }

  #draw(gl: WebGL2RenderingContext, input: CustomRenderMethodInput, pass: 'quiet' | 'alarmed'): void {
    const map = this.#map;
    const uniforms = this.#uniforms;
    if (!map || !uniforms || !this.#program || this.#board.size === 0) return;
    gl.bindVertexArray(this.#vao);
    this.#upload(gl);
    gl.useProgram(this.#program);
    const palette = PALETTES[this.#theme];
    const ratio = map.getPixelRatio();
    const zoom = map.getZoom();
    gl.uniformMatrix4fv(uniforms.u_matrix, false, this.#matrix(input.defaultProjectionData.mainMatrix));
    gl.uniform1f(uniforms.u_ratio, ratio);
    gl.uniform1f(uniforms.u_zoom, zoom);
    // Below zoom 12 single healthy assets fade behind the counts per area.
    gl.uniform1f(uniforms.u_fade, Math.min(1, Math.max(0.4, 0.4 + (zoom - 11) * 0.6)));
    gl.uniform1i(uniforms.u_domains, this.#domainMask);
    gl.uniform1i(uniforms.u_looks, this.#lookMask);
    gl.uniform4fv(uniforms.u_colors, palette.looks.flatMap(rgba));
    gl.uniform4fv(uniforms.u_outlines, palette.outlines.flatMap(rgba));
    gl.uniform4fv(uniforms.u_edge, rgba(palette.edge));
    gl.uniform1f(uniforms.u_halo, this.#still ? 1 : this.#halo);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (pass === 'quiet') {
      gl.uniform1i(uniforms.u_pass, 0);
      gl.drawArrays(gl.POINTS, 0, this.#board.size);
    } else if (this.#alarmedCount > 0) {
      gl.uniform1i(uniforms.u_pass, 1);
      gl.drawElements(gl.POINTS, this.#alarmedCount, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }

  /** World matrix times shift to the city and scale, in 64 bits, so that only small numbers reach the card. */
  #matrix(world: ArrayLike<number>): Float32Array {
    const [ox, oy] = this.origin;
    const out = new Float32Array(16);
    for (let row = 0; row < 4; row++) {
      out[row] = world[row] / SCALE;
      out[4 + row] = world[4 + row] / SCALE;
      out[8 + row] = world[8 + row];
      out[12 + row] = world[row] * ox + world[4 + row] * oy + world[12 + row];
    }
    return out;
  }
}
