// What a page weighs before anything is seen, as it crosses the wire (gzip): the committed build is measured, no browser is needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = (name) => readFileSync(fileURLToPath(new URL(`../../dist/${name}`, import.meta.url)));
const weight = (name) => gzipSync(dist(name), { level: 6 }).length;

/** The files that the first picture needs: the page, what it names, and what those import at once. Fonts come after it. */
function first() {
  const needed = ['index.html'];
  const add = (name) => {
    if (needed.includes(name)) return;
    needed.push(name);
    if (!name.endsWith('.js')) return;
    const text = dist(name).toString();
    for (const [, file] of text.matchAll(
      /(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{}\s,]+from\s*)?["']\.\/([^"']+)["']/g,
    ))
      add(`assets/${file}`);
  };
  for (const [, name] of dist('index.html')
    .toString()
    .matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g))
    add(name);
  return needed;
}

describe('the first paint', () => {
  it('takes at most 60 kB', () => {
    const files = first();
    assert.ok(
      files.some((name) => name.endsWith('.css')) && files.filter((name) => name.endsWith('.js')).length >= 3,
      files.join(),
    );
    const kilobytes = files.reduce((sum, name) => sum + weight(name), 0) / 1000;
    console.log(`# first paint: ${kilobytes.toFixed(1)} kB in ${files.length} files`);
    assert.ok(kilobytes <= 60, `${kilobytes} kB: ${files.map((name) => `${name} ${weight(name)}`).join(', ')}`);
  });

  it('needs neither the map nor the chart nor the pages behind it', () => {
    for (const name of first()) assert.ok(!/maplibre|uplot|Sql|Letters|Asset/.test(name), name);
  });
});
