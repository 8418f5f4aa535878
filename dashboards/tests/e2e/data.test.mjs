// The pages about the data themselves, against the mock server: what arrives, what was refused, who is new, what is missing.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { start } from '../mock/server.mjs';
import { axe, launch, open } from './browser.mjs';

let browser;
let mock;

before(async () => {
  browser = await launch();
  mock = await start({ count: 2000, role: 'admin' });
});

after(async () => {
  await browser?.close();
  await mock?.close();
});

beforeEach(() => mock.begin('admin'));

async function at(path, options, run) {
  const { page, context, faults } = await open(browser, mock.url, { still: true, ...options });
  try {
    await page.goto(`${mock.url}/signin?code=mock`);
    await page.waitForFunction(() => window.__specola?.status() === 'open');
    await page.goto(mock.url + path);
    await run(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

const tab = (page, name) => page.getByRole('navigation', { name: 'Dati' }).getByRole('link', { name });

describe('what arrives', () => {
  it('says in words that nothing is missing, or what is, and counts live', async () => {
    mock.data.letters = [];
    await at('/data', {}, async (page) => {
      await page.getByText('Tutto ciò che è arrivato è conservato. Non manca nulla.').waitFor();
      const row = page.getByRole('row', { name: /Ricevitore MQTT/ });
      const received = async () => Number((await row.locator('td.strong').textContent()).replaceAll(/\D/g, ''));
      const from = await received();
      await page.waitForFunction(
        (before) => Number(document.querySelector('td.strong').textContent.replaceAll(/\D/g, '')) > before,
        from,
      );
      await row.getByText(/^\d+\/s$/).waitFor();
      assert.equal(await page.getByText('tornano').count(), 4);
      mock.data.away = true;
      await page.getByText(/scada-acqua non è collegata dalle/).waitFor();
      await page.getByText('(connection refused)').waitFor();
      await page.getByRole('button', { name: 'Letture', exact: true }).click();
      await page.getByRole('columnheader', { name: 'Senza letture' }).waitFor({ state: 'detached' });
    });
  });

  it('leads to what was refused', async () => {
    await at('/data/sources', { locale: 'en' }, async (page) => {
      await page.getByRole('link', { name: 'See the refused readings' }).click();
      await page.getByRole('heading', { name: 'Refused readings' }).waitFor();
      assert.equal(new URL(page.url()).search, '?source=listener');
    });
  });

  it('says so when the server no longer answers', async () => {
    await at('/data/sources', {}, async (page) => {
      await page.getByText('Totale').waitFor();
      await page.route('**/api/v1/sources', (route) => route.abort());
      await page.getByText(/Il server non risponde. Dati delle/).waitFor();
    });
  });
});

describe('what was refused', () => {
  it('is filtered by a line of the time line, and by the address', async () => {
    await at('/data/refused', {}, async (page) => {
      const list = page.getByRole('region', { name: 'Messaggi' }).locator('tbody tr');
      await list.first().waitFor();
      assert.equal(await list.count(), 50);
      await page
        .getByRole('row', { name: /Ora non credibile http/ })
        .getByRole('button')
        .press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('tbody input[type=checkbox]').length < 20);
      const query = new URL(page.url()).searchParams;
      assert.deepEqual([query.get('reason'), query.get('source')], ['timestamp', 'http']);
      assert.equal(await list.getByText('http', { exact: true }).count(), await list.count());
      await page.getByRole('button', { name: 'Togli i filtri' }).click();
      await page.getByLabel('Il topic inizia con').fill('city/lamps/lamp-00');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('tbody input[type=checkbox]').length === 10);
    });
  });

  it('is tried first, then read again, by keyboard alone, and what is understood leaves the list', async () => {
    await at('/data/refused?reason=schema', { locale: 'en' }, async (page) => {
      const shown = page.getByLabel('Choose all shown');
      await shown.focus();
      await page.keyboard.press('Space');
      await page.getByText('Chosen: 50').waitFor();
      await page.getByRole('button', { name: 'Choose all that match' }).press('Enter');
      const all = mock.data.letters.filter((one) => one.reason === 'schema').length;
      await page
        .getByRole('status')
        .filter({ hasText: `Chosen: ${all}` })
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Try', exact: true }).press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByText(`Done. ${all} of ${all}`).waitFor();
      assert.equal(mock.data.letters.length, 130, 'a trial changes nothing');
      await dialog.getByRole('button', { name: `Read the understood again (${all})` }).press('Enter');
      await dialog.getByText('New readings on disk').waitFor();
      await dialog.getByText(`Done. ${all} of ${all}`).waitFor();
      assert.equal(mock.data.letters.length, 130 - all);
      await dialog.getByRole('button', { name: 'Close' }).last().press('Enter');
      await page.getByText(`No message matches. Kept in all: ${130 - all}.`).waitFor();
    });
  });

  it('says why something is still refused', async () => {
    await at('/data/refused?reason=malformed', {}, async (page) => {
      await page.getByLabel('Scegli tutti quelli mostrati').check();
      await page.getByRole('button', { name: 'Rileggi' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Perché sono ancora rifiutati').waitFor();
      await dialog.getByText('byte 12: expected a value').waitFor();
      assert.equal(mock.data.letters.length, 130);
    });
  });

  it('is shown whole, with what to do, and discarded only after a second answer', async () => {
    const id = mock.data.letters[3].id;
    await at(`/data/refused/${id}`, {}, async (page) => {
      await page.getByText('correggere il mapping della rotta').waitFor();
      const payload = page.getByRole('region', { name: 'Contenuto' }).locator('pre');
      assert.match(
        await payload.textContent(),
        /"power": 61\.5,\n {4}"power": 62\.0/,
        'both of two equal keys are seen',
      );
      await page.getByRole('button', { name: 'Esadecimale' }).click();
      assert.match(await payload.textContent(), /^00000000 {2}7b 22/);
      await page.getByRole('button', { name: 'Scarta…' }).click();
      const dialog = page.getByRole('dialog');
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Conserva');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      assert.deepEqual(mock.data.discarded, []);
      await page.getByRole('button', { name: 'Scarta…' }).click();
      await dialog.getByRole('button', { name: 'Scarta (1)' }).click();
      await page.getByRole('heading', { name: 'Letture rifiutate' }).waitFor();
      assert.deepEqual(mock.data.discarded, [id]);
    });
  });

  it('shows bytes that are no text as bytes', async () => {
    const id = mock.data.letters[5].id;
    await at(`/data/refused/${id}`, {}, async (page) => {
      const payload = page.getByRole('region', { name: 'Contenuto' }).locator('pre');
      await payload.waitFor();
      assert.match(await payload.textContent(), /00 ff 10 41 42 05/);
      assert.equal(await page.getByRole('button', { name: 'Testo' }).count(), 0);
    });
  });
});

describe('who is new', () => {
  it('is approved with a name, a class and a place from the map, in one change', async () => {
    await at('/data/new', { still: true }, async (page) => {
      await page.getByRole('button', { name: 'Approva bin-042' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Nome').fill('Cestino "Cairoli", lato mare');
      await dialog.getByLabel('Zona').fill('Centro');
      const canvas = dialog.locator('.maplibregl-canvas');
      await canvas.waitFor();
      await page.waitForTimeout(500);
      await canvas.click({ position: { x: 150, y: 90 } });
      await page.waitForFunction(() => document.querySelectorAll('dialog input[inputmode=decimal]')[0].value !== '');
      const lat = await dialog.getByLabel('Latitudine').inputValue();
      const lon = await dialog.getByLabel('Longitudine').inputValue();
      await dialog.getByRole('button', { name: 'Metti in servizio', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByText('In servizio: Cestino').first().waitFor();
      assert.equal(
        mock.data.imported,
        `id,name,class,area,lifecycle,longitude,latitude\nbin-042,"Cestino ""Cairoli"", lato mare",waste-bin,Centro,in-service,${lon},${lat}\n`,
      );
      // At once, not with the next look.
      await page.getByRole('heading', { name: 'bin-042' }).waitFor({ state: 'detached', timeout: 5000 });
    });
  });

  it('is placed by the keyboard too, and half a place is refused in words', async () => {
    await at('/data/new', { locale: 'en' }, async (page) => {
      await page.getByRole('button', { name: 'Approve quadro-17' }).press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Latitude').fill('38,19');
      await page.keyboard.press('Enter');
      await dialog.getByText('The coordinates are not complete').waitFor();
      await dialog.locator('.maplibregl-canvas').focus();
      await page.keyboard.press('Enter');
      assert.match(await dialog.getByLabel('Longitude').inputValue(), /^15\.\d{6}$/);
      await dialog.getByRole('button', { name: 'Put into service', exact: true }).press('Enter');
      await dialog.waitFor({ state: 'detached' });
      assert.match(mock.data.imported, /^id,name,class,area,lifecycle,longitude,latitude\nquadro-17,/);
    });
  });

  it('is approved by class, or rejected', async () => {
    await at('/data/new', {}, async (page) => {
      await page.getByRole('button', { name: 'Cestino · 3' }).click();
      await page.getByRole('button', { name: 'Approva tutti: Cestino (3)' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Metti in servizio (3)' }).click();
      await page.getByRole('button', { name: 'Cestino · 3' }).waitFor({ state: 'detached' });
      assert.equal(mock.data.newcomers.length, 2);
      await page.getByRole('button', { name: 'Rifiuta quadro-17' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Rifiuta' }).click();
      await page.getByRole('heading', { name: 'quadro-17', exact: true }).waitFor({ state: 'detached' });
      assert.deepEqual(
        mock.data.newcomers.map((one) => one.id),
        ['sonda-acqua-3'],
      );
    });
  });
});

describe('what is missing', () => {
  it('is said in one line, by network and area, and shown on a time line that opens to each gap', async () => {
    await at('/data/completeness?period=yesterday', {}, async (page) => {
      await page.getByText('delle letture attese').waitFor();
      await page.getByText(/Dispositivi con buchi: 34 su 2\.000/).waitFor();
      const strip = page.getByRole('img', { name: /Interruzioni: 2\. La più lunga da/ });
      await strip.first().waitFor();
      await page
        .getByRole('button', { name: /Interruzioni: 2/ })
        .first()
        .press('Enter');
      await page.getByRole('table', { name: 'Interruzioni', exact: true }).getByText('Tensione').waitFor();
      const link = page
        .getByRole('region', { name: /Dispositivi con buchi/ })
        .locator('tbody a')
        .first();
      assert.match(await link.getAttribute('href'), /^\/assets\//);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Scarica CSV' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'completeness.csv');
    });
  });

  it('refuses a period that is none before it asks', async () => {
    await at('/data/completeness?from=2026-03-10&to=2026-03-01', { locale: 'en' }, async (page) => {
      await page.getByText('The first day is after the last.').waitFor();
      await page.goto(`${mock.url}/data/completeness?from=2026-01-01&to=2026-03-01`);
      await page.getByText('At most 31 days.').waitFor();
    });
  });
});

describe('who may see it', () => {
  it('follows the role', async () => {
    mock.begin('operator');
    await at('/data', {}, async (page) => {
      await tab(page, 'Completezza').waitFor();
      assert.equal(await tab(page, 'Letture rifiutate').count(), 0);
      assert.equal(await tab(page, 'Nuovi dispositivi').count(), 0);
      await page.goto(`${mock.url}/data/new`);
      await page.getByText('Il tuo ruolo non permette').waitFor();
      mock.begin('crew');
      await page.goto(mock.url);
      await page.waitForFunction(() => window.__specola?.status() === 'open');
      assert.equal(await page.getByRole('link', { name: 'Dati', exact: true }).count(), 0);
    });
  });
});

describe('a part that cannot be fetched', () => {
  it('says so and offers to load the page anew', async () => {
    await at('/help', {}, async (page) => {
      await page.getByRole('heading', { name: 'Guida' }).waitFor();
      await page.route('**/assets/Data-*.js', (route) => route.abort());
      await page.goto(`${mock.url}/data`);
      await page.getByText('Questa parte della pagina non si carica.').waitFor();
      await page.unroute('**/assets/Data-*.js');
      await page.getByRole('button', { name: 'Ricarica' }).click();
      await page.getByRole('heading', { name: 'Arriva tutto?' }).waitFor();
    });
  });
});

describe('every one of these pages can be used by everybody', () => {
  const screens = [
    ['/data/sources', (page) => page.locator('tfoot').waitFor()],
    ['/data/sources?of=readings', (page) => page.locator('tfoot').waitFor()],
    ['/data/refused', (page) => page.locator('tbody input[type=checkbox]').first().waitFor()],
    ['/data/refused/LETTER', (page) => page.locator('pre').waitFor()],
    ['/data/new', (page) => page.locator('article').first().waitFor()],
    ['/data/completeness?period=yesterday', (page) => page.locator('.line svg').first().waitFor()],
    ['/data/nowhere', (page) => page.locator('h1').waitFor()],
  ];
  const dialogs = [
    [
      '/data/refused',
      async (page) => {
        await page.locator('tbody input[type=checkbox]').nth(1).check();
        await page.locator('.acts .button.main').click();
      },
    ],
    ['/data/refused/LETTER', (page) => page.locator('.acts .button').last().click()],
    ['/data/new', (page) => page.locator('article .button.main').first().click()],
    ['/data/new', (page) => page.locator('article .acts .button').nth(1).click()],
  ];

  for (const [theme, locale, width, height] of [
    ['dark', 'it', 1366, 768],
    ['light', 'it', 390, 844],
    ['dark', 'en', 390, 844],
    ['light', 'en', 1366, 768],
  ]) {
    it(`no axe violation and nothing sticks out, ${theme}, ${locale}, ${width} wide`, async () => {
      const found = [];
      await at('/', { theme, locale, width, height }, async (page) => {
        const look = async (name) => {
          found.push(...(await axe(page)).map((line) => `${name}: ${line}`));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          const inside = await page.evaluate(() => {
            const sheet = document.querySelector('.page');
            return sheet ? sheet.scrollWidth - sheet.clientWidth : 0;
          });
          if (wide > 0 || inside > 0) found.push(`${name}: sticks out by ${Math.max(wide, inside)} px`);
        };
        const letter = mock.data.letters[3].id;
        for (const [path, ready] of screens) {
          await page.goto(mock.url + path.replace('LETTER', letter));
          await ready(page);
          await look(path);
        }
        await page.goto(`${mock.url}/data/completeness?period=yesterday`);
        await page.locator('.line').first().click();
        await look('gaps');
        for (const [path, act] of dialogs) {
          await page.goto(mock.url + path.replace('LETTER', letter));
          await act(page);
          await page.getByRole('dialog').waitFor();
          await look(`dialog of ${path}`);
        }
      });
      assert.deepEqual(found, []);
    });
  }
});
