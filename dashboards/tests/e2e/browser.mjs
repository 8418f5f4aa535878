// Debian's Chromium for the browser tests, watched: every request to another origin and every page error is a failure.
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** A page with this theme and language; `faults` collects what must not happen. */
export async function open(
  browser,
  origin,
  { theme = 'dark', locale = 'it', width = 1366, height = 768, still = false } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: still ? 'reduce' : 'no-preference',
  });
  await context.addInitScript(
    ([chosen, language]) => {
      localStorage.setItem('specola.theme', chosen);
      localStorage.setItem('specola.locale', language);
    },
    [theme, locale],
  );
  const page = await context.newPage();
  const faults = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== new URL(origin).host) faults.push(`foreign: ${url}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) faults.push(`csp: ${message.text()}`);
  });
  return { page, context, faults };
}

/** Rules of WCAG 2.1 A and AA; gives back what is violated, in a line each. */
export async function axe(page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  return violations.map(
    (violation) =>
      `${violation.id}: ${violation.nodes
        .slice(0, 3)
        .map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`)
        .join(' | ')}`,
  );
}

export const ready = (page) => page.waitForFunction(() => window.__specola?.ready === true, null, { timeout: 30_000 });
