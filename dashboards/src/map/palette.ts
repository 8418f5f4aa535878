/** Colours of the map in both themes; the same priorities as in `ui/theme.css`. Greys when healthy, colour only when not. */

export interface Palette {
  sea: string;
  land: string;
  coast: string;
  border: string;
  street: string;
  streetMain: string;
  label: string;
  labelHalo: string;
  /** By look: normal, the four priorities, waiting after return, no data. */
  looks: readonly [string, string, string, string, string, string, string];
  /** Outlines of the marks, so that bright fills stand off from a light map. */
  outlines: readonly [string, string, string, string, string, string, string];
  /** Colours of the priorities for text and lines, index 1 to 4. */
  ink: readonly [string, string, string, string, string];
  /** Drawn round alarmed symbols so that they stand off from what is under them. */
  edge: string;
  ring: string;
}

export const PALETTES: Record<'light' | 'dark', Palette> = {
  dark: {
    sea: '#10151a',
    land: '#1b2229',
    coast: '#39454f',
    border: '#2f3a44',
    street: '#262f37',
    streetMain: '#313c46',
    label: '#a3b0bb',
    labelHalo: '#1b2229',
    looks: ['#8995a0', '#ff5a4f', '#ff9f2e', '#f2d43c', '#62b0ff', '#c9d2da', '#6f7b86'],
    outlines: ['#8995a0', '#ff5a4f', '#ff9f2e', '#f2d43c', '#62b0ff', '#c9d2da', '#6f7b86'],
    ink: ['#a3b0bb', '#ff5a4f', '#ff9f2e', '#f2d43c', '#62b0ff'],
    edge: '#0c1014',
    ring: '#ffffff',
  },
  light: {
    sea: '#d5dce2',
    land: '#eef0f2',
    coast: '#a7b2bc',
    border: '#c3cbd2',
    street: '#dfe3e7',
    streetMain: '#d0d6dc',
    label: '#4b5863',
    labelHalo: '#eef0f2',
    looks: ['#76828d', '#d8161d', '#ec7a08', '#f3c613', '#2684dc', '#3b4751', '#8a96a1'],
    outlines: ['#76828d', '#7d0a0f', '#7f3f00', '#6b5400', '#0c4a86', '#3b4751', '#8a96a1'],
    ink: ['#4b5863', '#c4161c', '#b85a00', '#856800', '#1567b0'],
    edge: '#ffffff',
    ring: '#10161b',
  },
};

/** `#rrggbb` as four numbers from 0 to 1. */
export function rgba(hex: string): [number, number, number, number] {
  const value = parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255, 1];
}
