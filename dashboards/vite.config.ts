// How the pages are built: one small entry, MapLibre and its worker in chunks of their own, no source maps.
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const server = process.env.SPECOLA_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    // `npm test` compiles the words before; the plugin would keep watching and hold the tests open.
    !process.env.VITEST &&
      paraglideVitePlugin({
        project: './project.inlang',
        outdir: './src/paraglide',
        strategy: ['baseLocale'],
        emitTsDeclarations: true,
        emitReadme: false,
      }),
    svelte(),
  ],
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  build: {
    target: 'es2022',
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'maplibre', test: /node_modules\/maplibre-gl\// },
            { name: 'uplot', test: /node_modules\/uplot\// },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': { target: server, ws: true },
      '/status': server,
    },
  },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
