/** The offline basemap as a MapLibre style in both themes. No glyphs, no sprites, no tiles: nothing is asked of another origin. */
import type { StyleSpecification } from 'maplibre-gl';
import { PALETTES } from './palette';

const ATTRIBUTION = 'ISTAT / Openpolis (CC BY 4.0) · GSHHG (LGPL 3) · GeoNames (CC BY 4.0)';

const FONT = ['Titillium Web', 'sans-serif'];

export function basemap(theme: 'light' | 'dark', schematic: string): StyleSpecification {
  const colors = PALETTES[theme];
  const source = (file: string) => ({
    type: 'geojson' as const,
    data: new URL(`/basemap/${file}.geojson`, location.origin).href,
  });
  return {
    version: 8,
    sources: {
      land: { ...source('land'), attribution: ATTRIBUTION },
      borders: source('borders'),
      streets: { ...source('streets'), tolerance: 0.5 },
      places: source('places'),
      areas: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colors.sea } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': colors.land } },
      { id: 'coast', type: 'line', source: 'land', paint: { 'line-color': colors.coast, 'line-width': 1 } },
      {
        id: 'borders',
        type: 'line',
        source: 'borders',
        paint: { 'line-color': colors.border, 'line-width': 1, 'line-dasharray': [4, 3] },
      },
      {
        id: 'streets',
        type: 'line',
        source: 'streets',
        filter: ['==', ['get', 'kind'], 'residential'],
        minzoom: 13,
        paint: {
          'line-color': colors.street,
          'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 13, 0.5, 16, 2.5, 19, 12],
        },
      },
      {
        id: 'streets-secondary',
        type: 'line',
        source: 'streets',
        filter: ['==', ['get', 'kind'], 'secondary'],
        minzoom: 12,
        paint: {
          'line-color': colors.streetMain,
          'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 12, 0.5, 16, 4, 19, 16],
        },
      },
      {
        id: 'streets-primary',
        type: 'line',
        source: 'streets',
        filter: ['==', ['get', 'kind'], 'primary'],
        paint: {
          'line-color': colors.streetMain,
          'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 10, 0.6, 13, 1.6, 16, 6, 19, 22],
        },
      },
      {
        id: 'streets-schematic',
        type: 'symbol',
        source: 'streets',
        filter: ['!=', ['get', 'kind'], 'residential'],
        minzoom: 14,
        layout: {
          'symbol-placement': 'line',
          'symbol-spacing': 600,
          'text-field': schematic,
          'text-font': FONT,
          'text-size': 11,
          'text-letter-spacing': 0.12,
        },
        paint: {
          'text-color': colors.label,
          'text-halo-color': colors.labelHalo,
          'text-halo-width': 1.5,
          'text-opacity': 0.75,
        },
      },
      {
        id: 'places',
        type: 'symbol',
        source: 'places',
        minzoom: 9,
        layout: {
          'text-field': ['get', 'name'],
          'text-font': FONT,
          'text-size': ['interpolate', ['linear'], ['coalesce', ['get', 'population'], 0], 0, 11, 200000, 16],
          'symbol-sort-key': ['-', 0, ['coalesce', ['get', 'population'], 0]],
        },
        paint: { 'text-color': colors.label, 'text-halo-color': colors.labelHalo, 'text-halo-width': 1.5 },
      },
      {
        id: 'areas',
        type: 'symbol',
        source: 'areas',
        maxzoom: 12.2,
        layout: {
          'text-field': ['get', 'label'],
          'text-font': FONT,
          'text-size': 12,
          'symbol-sort-key': ['case', ['==', ['get', 'worst'], 0], 9, ['get', 'worst']],
        },
        paint: {
          'text-color': [
            'match',
            ['get', 'worst'],
            1,
            colors.ink[1],
            2,
            colors.ink[2],
            3,
            colors.ink[3],
            4,
            colors.ink[4],
            colors.label,
          ],
          'text-halo-color': colors.labelHalo,
          'text-halo-width': 2,
        },
      },
    ],
  };
}
