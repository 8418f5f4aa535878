// The pages against the mock server: everything on the map, alarms live, keys, loss of connection, access, no foreign request.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { start } from '../mock/server.mjs';
import { axe, launch, open, ready } from './browser.mjs';

let browser;
let mock;

before(async () => {
  browser = await launch();
  mock = await start();
});

after(async () => {
  await browser?.close();
  await mock?.close();
});

/** Runs with a signed-in page and checks afterwards that nothing forbidden happened. */
async function desk(options, path, run) {
  const { page, context, faults } = await open(browser, mock.url, options);
  try {
    await page.goto(`${mock.url}/signin?code=mock`);
    await page.waitForFunction(() => window.__specola?.status() === 'open');
    if (path !== '/') await page.goto(mock.url + path);
    await run(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

const row = (page, id) => page.locator(`[role=row][data-alarm="${id}"]`);
const stateOf = (page, id) =>
  page.waitForFunction((alarm) => window.__specola.alarms().find((one) => one.id === alarm)?.state, id);

describe('signing in', () => {
  it('works with name and password, refuses wrong ones in words, and leads to the page that was asked for', async () => {
    const { page, context, faults } = await open(browser, mock.url);
    await page.goto(`${mock.url}/alarms?show=closed`);
    await page.fill('[name=username]', 'operator');
    await page.fill('[name=password]', 'wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Nome o password non corretti.').waitFor();
    await page.fill('[name=password]', 'specola');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Allarmi chiusi' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/alarms');
    await page.getByRole('button', { name: 'Esci' }).click();
    await page.getByRole('button', { name: 'Accedi' }).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });

  it('says that a used link is no longer valid', async () => {
    const { page, context } = await open(browser, mock.url, { locale: 'en' });
    await page.goto(`${mock.url}/signin?code=used`);
    await page.getByText('The link is no longer valid').waitFor();
    await context.close();
  });
});

describe('the live map', () => {
  it('holds every asset and draws it', async () => {
    await desk({}, '/', async (page) => {
      await ready(page);
      const counts = await page.evaluate(() => window.__specola.counts());
      assert.equal(counts.assets, mock.count);
      assert.equal(
        Object.values(counts.byState).reduce((sum, n) => sum + n, 0),
        mock.count,
      );
      assert.ok((await page.evaluate(() => window.__specola.layer.uploads)) > 0);
    });
  });

  it('shows an alarm at its place and in the list within a second, and acknowledges it by keyboard alone', async () => {
    await desk({}, '/', async (page) => {
      await ready(page);
      const raised = mock.raise({ kind: 1, nth: 3 });
      const from = Date.now();
      await row(page, raised.id).waitFor({ timeout: 3000 });
      assert.ok(Date.now() - from < 1000, `took ${Date.now() - from} ms`);
      await page.waitForFunction(() => window.__specola.counts().byState.p1 === 1);
      await page.keyboard.press('j');
      await page.getByText('Chiudi le valvole del distretto').waitFor();
      await page.keyboard.press('m');
      await page.waitForFunction(() => window.__specola.map.getZoom() >= 15.9);
      const center = await page.evaluate(() => window.__specola.map.getCenter());
      assert.ok(Math.abs(center.lng - raised.lon) < 0.001 && Math.abs(center.lat - raised.lat) < 0.001);
      await page.keyboard.press('a');
      await page.waitForFunction(
        (id) => window.__specola.alarms().find((one) => one.id === id)?.state === 'active_acknowledged',
        raised.id,
      );
      assert.equal(await (await stateOf(page, raised.id)).jsonValue(), 'active_acknowledged');
      mock.clear(raised.id);
      await page.waitForFunction(() => window.__specola.counts().byState.p1 === 0);
    });
  });

  it('picks an asset under the pointer and opens its panel', async () => {
    const raised = mock.raise({ kind: 1, nth: 8 });
    await desk({ still: true }, '/', async (page) => {
      await ready(page);
      await page.evaluate(
        ([lon, lat]) => window.__specola.map.jumpTo({ center: [lon, lat], zoom: 17 }),
        [raised.lon, raised.lat],
      );
      const box = await page.locator('.maplibregl-canvas').boundingBox();
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await page.locator('#asset-title', { hasText: raised.asset_name }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get('asset'), raised.asset);
      await page.locator('[data-testid=chart][data-points]:not([data-points="0"])').waitFor();
    });
    mock.alarms.acknowledge(raised.id, 'test');
    mock.clear(raised.id);
  });
});

describe('the lasso', () => {
  it('catches the assets inside of a line, and acknowledges their alarms together', async () => {
    const raised = mock.raise({ kind: 1, nth: 8 });
    await desk({ still: true, locale: 'en' }, '/', async (page) => {
      await ready(page);
      await page.evaluate(
        ([lon, lat]) => window.__specola.map.jumpTo({ center: [lon, lat], zoom: 16 }),
        [raised.lon, raised.lat],
      );
      await page.getByRole('button', { name: 'Lasso' }).click();
      const box = await page.getByTestId('lasso').boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.move(x - 90, y - 90);
      await page.mouse.down();
      for (const [dx, dy] of [
        [90, -90],
        [90, 90],
        [-90, 90],
      ])
        await page.mouse.move(x + dx, y + dy, { steps: 4 });
      await page.mouse.up();
      const list = page.getByRole('region', { name: /Assets chosen: \d+/ });
      await list.waitFor();
      const inside = await page.evaluate(() => {
        const { map, board } = window.__specola;
        const middle = map.project(map.getCenter());
        const near = ({ x, y }) => Math.abs(x - middle.x) < 88 && Math.abs(y - middle.y) < 88;
        return board.assets.filter((asset) => asset && near(map.project([asset.lon, asset.lat]))).length;
      });
      const told = Number(/\d+/.exec(await list.getByRole('status').textContent())[0]);
      assert.ok(told >= inside && told <= inside * 1.2 + 2, `${told} told, ${inside} inside`);
      assert.match(await list.locator('li').first().textContent(), new RegExp(raised.asset_name));
      await list.getByRole('button', { name: 'Acknowledge (1)' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge (1)' }).click();
      await page.waitForFunction(
        (id) => window.__specola.alarms().find((one) => one.id === id)?.state === 'active_acknowledged',
        raised.id,
      );
      assert.deepEqual(await axe(page), []);
      await page.keyboard.press('Escape');
      await list.waitFor({ state: 'detached' });
    });
    mock.clear(raised.id);
  });
});

describe('the alarm list', () => {
  it('stands still under the hand and says what is new', async () => {
    const first = mock.raise({ kind: 2, nth: 1 });
    await desk({}, '/alarms', async (page) => {
      await row(page, first.id).waitFor();
      await row(page, first.id).hover();
      const second = mock.raise({ kind: 1, nth: 5 });
      await page.getByText('Nuovi: 1, critici: 1. Mostra').waitFor();
      assert.equal(await row(page, second.id).count(), 0);
      await page.mouse.move(700, 20);
      await row(page, second.id).waitFor();
      const top = async (id) => (await row(page, id).boundingBox()).y;
      assert.ok((await top(second.id)) < (await top(first.id)));
      for (const alarm of [first, second]) {
        mock.alarms.acknowledge(alarm.id, 'test');
        mock.clear(alarm.id);
      }
    });
  });

  it('acknowledges many in two steps and lists what was skipped and why', async () => {
    const raised = [0, 1, 2].map((nth) => mock.raise({ kind: 2, nth }));
    await desk({ locale: 'en' }, '/alarms', async (page) => {
      for (const { id } of raised) await row(page, id).waitFor();
      await page.locator('[role=grid]').press('Home');
      await page.locator('[role=grid]').press('Shift+End');
      await page.waitForFunction(() => document.querySelectorAll('[role=row][aria-selected=true]').length === 3);
      // Somebody at another desk is faster; this page has not heard of it when the dialog opens.
      mock.alarms.acknowledge(raised[0].id, 'other');
      await page.keyboard.press('a');
      await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge (3)' }).press('Enter');
      const skipped = page.getByTestId('skipped');
      await skipped.getByText('already acknowledged').waitFor();
      assert.equal(await skipped.locator('li').count(), 1);
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => window.__specola.alarms().every((one) => one.state === 'active_acknowledged'));
    });
    for (const alarm of raised) mock.clear(alarm.id);
  });

  it('opens a group to its members, and closed alarms from the history', async () => {
    const group = mock.raise({ kind: 0, nth: 40, group: 60 });
    await desk({}, `/alarms/${group.id}`, async (page) => {
      await page.getByText(`Dispositivi coinvolti: ${group.member_count} attivi su ${group.member_count}`).waitFor();
      await page.getByRole('button', { name: /Mostra tutti/ }).click();
      assert.equal(await page.locator('.members li').count(), group.member_count);
      mock.alarms.acknowledge(group.id, 'test');
      mock.clear(group.id);
      await page.goto(`${mock.url}/alarms?show=closed`);
      await row(page, group.id).waitFor();
    });
  });

  it('filters by key and by address', async () => {
    const high = mock.raise({ kind: 0, nth: 2 });
    const low = mock.raise({ kind: 3, nth: 2 });
    await desk({}, '/alarms?priority=2', async (page) => {
      await row(page, high.id).waitFor();
      assert.equal(await row(page, low.id).count(), 0);
      await page.keyboard.press('2');
      await row(page, low.id).waitFor();
      assert.equal(new URL(page.url()).search, '');
      await page.keyboard.press('/');
      await page.keyboard.type('centralina');
      await row(page, high.id).waitFor({ state: 'detached' });
      assert.equal(new URL(page.url()).searchParams.get('q'), 'centralina');
    });
    for (const alarm of [high, low]) {
      mock.alarms.acknowledge(alarm.id, 'test');
      mock.clear(alarm.id);
    }
  });
});

describe('the connection', () => {
  it('covers the bar within two seconds of silence, and is back by itself', async () => {
    await desk({}, '/', async (page) => {
      await page.getByText('Collegato', { exact: true }).waitFor();
      mock.silence();
      const from = Date.now();
      await page.getByTestId('lost').waitFor({ timeout: 5000 });
      assert.ok(Date.now() - from < 2500, `took ${Date.now() - from} ms`);
      mock.speak();
      await page.getByTestId('lost').waitFor({ state: 'detached', timeout: 8000 });
    });
  });

  it('takes up after a cut without losing an alarm', async () => {
    await desk({}, '/', async (page) => {
      await ready(page);
      mock.silence('refuse');
      await page.getByTestId('lost').waitFor();
      const raised = mock.raise({ kind: 1, nth: 11 });
      mock.speak();
      await page.waitForFunction((id) => window.__specola.alarms().some((one) => one.id === id), raised.id);
      await page.getByTestId('lost').waitFor({ state: 'detached' });
      mock.alarms.acknowledge(raised.id, 'test');
      mock.clear(raised.id);
    });
  });

  it('starts anew with another run of the server', async () => {
    await desk({}, '/', async (page) => {
      await ready(page);
      mock.raise({ kind: 1, nth: 12 });
      await page.waitForFunction(() => window.__specola.alarms().length > 0);
      mock.restart();
      await page.waitForFunction(() => window.__specola.alarms().length === 0 && window.__specola.status() === 'open');
      assert.equal(await page.evaluate(() => window.__specola.counts().assets), mock.count);
    });
  });

  it('the page says so when the server is down', async () => {
    const { page, context } = await open(browser, mock.url, { locale: 'en' });
    await page.route('**/api/v1/**', (route) => route.abort());
    await page.goto(mock.url);
    await page.getByText('Server not reachable').waitFor();
    await page.unroute('**/api/v1/**');
    await page.getByRole('button', { name: 'Sign in' }).waitFor({ timeout: 8000 });
    await context.close();
  });
});

describe('every screen can be used by everybody', () => {
  const asset = 'streetlight-00004';
  const screens = [
    ['live', '/'],
    ['live with an asset', `/?asset=${asset}`],
    ['live with an alarm', '/?alarm=ALARM'],
    ['alarms', '/alarms'],
    ['one alarm', '/alarms/ALARM'],
    ['closed alarms', '/alarms?show=closed'],
    ['assets', '/assets'],
    ['one asset', `/assets/${asset}`],
    ['analysis', '/sql'],
    ['help', '/help'],
    ['accessibility', '/accessibility'],
    ['nowhere', '/nowhere'],
  ];
  let raised;

  before(() => {
    raised = [0, 1, 2, 3].map((kind) => mock.raise({ kind, nth: 21, group: kind === 0 ? 40 : 1 }));
    mock.alarms.acknowledge(raised[2].id, 'test', 'vista');
    mock.clear(raised[3].id);
  });

  for (const theme of ['dark', 'light']) {
    for (const locale of ['it', 'en']) {
      it(`no axe violation, ${theme}, ${locale}`, async () => {
        const found = [];
        await desk({ theme, locale, still: true }, '/', async (page) => {
          for (const [name, path] of screens) {
            await page.goto(mock.url + path.replace('ALARM', raised[0].id));
            await page.waitForFunction(
              () => window.__specola?.status() === 'open' && window.__specola.counts().assets > 0,
            );
            if (path.startsWith('/?') || path === '/') await ready(page);
            if (path.includes('asset')) await page.waitForLoadState('networkidle');
            found.push(...(await axe(page)).map((line) => `${name}: ${line}`));
          }
          await page.goto(mock.url);
          await page.keyboard.press('?');
          await page.getByRole('dialog').waitFor();
          found.push(...(await axe(page)).map((line) => `help dialog: ${line}`));
        });
        const signIn = await open(browser, mock.url, { theme, locale });
        await signIn.page.goto(mock.url);
        await signIn.page.locator('[name=password]').waitFor();
        found.push(...(await axe(signIn.page)).map((line) => `sign in: ${line}`));
        await signIn.context.close();
        assert.deepEqual(found, []);
      });
    }
  }

  it('nothing is cut off sideways on a phone', async () => {
    for (const path of ['/', '/?pane=alarms', '/?pane=overview', '/alarms', '/assets', `/assets/${asset}`, '/help']) {
      await desk({ width: 360, height: 640 }, path, async (page) => {
        await page.waitForFunction(() => window.__specola?.counts().assets > 0);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
      });
    }
  });
});
