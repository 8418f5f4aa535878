// The same pages against a real server: SPECOLA_URL and SPECOLA_LINK (a whole one-time sign-in link) say which.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { axe, launch, open, ready } from './browser.mjs';

const url = process.env.SPECOLA_URL;
const link = process.env.SPECOLA_LINK;
/** The demo's scenario makes something visible go wrong within the first two minutes. */
const ALARM_MS = Number(process.env.SPECOLA_ALARM_MS ?? 150_000);

describe('a real server', { skip: !url || !link ? 'SPECOLA_URL and SPECOLA_LINK are not set' : false }, () => {
  let browser;
  let desk;

  before(async () => {
    browser = await launch();
    desk = await open(browser, url);
  });

  after(async () => {
    await browser?.close();
  });

  it('signs in by the printed link and shows every asset', async () => {
    const { page } = desk;
    const from = Date.now();
    await page.goto(link);
    await page.waitForFunction(() => window.__specola?.counts().assets > 0, null, { timeout: 30_000 });
    await ready(page);
    console.log(`# first map with all assets after ${Date.now() - from} ms`);
    const total = await page.evaluate(async () => {
      let count = 0;
      let after = null;
      do {
        const more = after === null ? '' : `&after=${encodeURIComponent(after)}`;
        const answer = await (await fetch(`/api/v1/assets?limit=20000${more}`)).json();
        count += answer.items.length;
        after = answer.next;
      } while (after !== null);
      return count;
    });
    assert.equal(await page.evaluate(() => window.__specola.counts().assets), total);
    assert.ok(total > 0);
  });

  it('an alarm appears live, is acknowledged by keyboard, and its state changes', async () => {
    const { page } = desk;
    await page.waitForFunction(() => window.__specola.status() === 'open');
    const alarm = await page
      .waitForFunction(() => window.__specola.alarms().find((one) => one.state === 'active_unacknowledged'), null, {
        timeout: ALARM_MS,
      })
      .then((handle) => handle.jsonValue());
    assert.ok(alarm.title.it && alarm.title.en && alarm.action.it && alarm.action.en, JSON.stringify(alarm));
    await page.goto(`${url}/alarms/${encodeURIComponent(alarm.id)}`);
    await page.locator(`[role=row][data-alarm="${alarm.id}"]`).waitFor();
    await page.locator('[role=grid]').focus();
    await page.keyboard.press('a');
    await page.waitForFunction(
      (id) => window.__specola.alarms().find((one) => one.id === id)?.state !== 'active_unacknowledged',
      alarm.id,
      { timeout: 10_000 },
    );
    desk.alarm = alarm;
  });

  it('draws the last day of an asset', async () => {
    const { page } = desk;
    await page.waitForFunction(() => window.__specola?.counts().assets > 0);
    const id = await page.evaluate(async (wanted) => {
      const candidates = [wanted, ...window.__specola.board.assets.slice(0, 200).map((asset) => asset?.id)];
      for (const one of candidates) {
        if (!one) continue;
        const answer = await fetch(`/api/v1/assets/${encodeURIComponent(one)}`);
        if (answer.ok && (await answer.json()).series.some((series) => typeof series.value === 'number')) return one;
      }
      return null;
    }, desk.alarm?.asset);
    assert.ok(id, 'no asset with a number');
    await page.goto(`${url}/assets/${encodeURIComponent(id)}`);
    await page.locator('[data-testid=chart][data-points]:not([data-points="0"]) canvas').waitFor({ timeout: 20_000 });
  });

  it('has no axe violation and asks nothing of another origin', async () => {
    const { page, faults } = desk;
    const found = [];
    for (const path of ['/', '/alarms', '/assets', '/sql', '/help', '/accessibility']) {
      await page.goto(url + path);
      await page.waitForFunction(() => window.__specola?.counts().assets > 0);
      found.push(...(await axe(page)).map((line) => `${path}: ${line}`));
    }
    assert.deepEqual(found, []);
    assert.deepEqual(faults, []);
  });
});
