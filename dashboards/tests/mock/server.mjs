// A server that speaks the wire contract with a synthetic city, so that the pages can be written, looked at and tested alone.
// `npm run mock` serves dist on http://127.0.0.1:8090 (operator / specola, or /signin?code=mock).
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { Alarms } from './alarms.mjs';
import { assets as city, chance, DOMAINS, history, limits, series } from './city.mjs';
import { Data } from './data.mjs';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.geojson': 'application/geo+json',
  '.json': 'application/json',
};
/** What the real server sends too: nothing from elsewhere, nothing inline. */
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/**
 * Starts the mock. `lively` lets alarms come and go by themselves and states change; without it only the caller acts.
 * Gives back `{url, alarms, raise, clear, silence, speak, restart, count, close}`.
 */
export async function start({ port = 0, count = 8000, lively = false, seed = 7, role = 'operator' } = {}) {
  const all = city(count, seed);
  const byId = new Map(all.map((asset) => [asset.id, asset]));
  const random = chance(seed + 1);
  let alarms = new Alarms(all);
  let data = new Data(all);
  let run = 1;
  let epoch = 'run-1';
  let version = 1;
  let silent = false;
  const states = new Uint8Array(count);
  const values = new Float32Array(count);
  const versions = new Float64Array(count).fill(1);
  for (let slot = 0; slot < count; slot++) {
    values[slot] = 50 + random() * 20;
    if (random() < 0.004) states[slot] = 16;
  }
  const base = states.slice();

  const session = () => ({
    user: 'operator',
    name: 'Anna Operatrice',
    role,
    tenant: 'messina',
    tenant_name: 'Comune di Messina',
    expires: new Date(Date.now() + 8 * 3_600_000).toISOString(),
  });

  const reply = (response, status, body, headers = {}) => {
    const json = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'content-type': json, ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const problem = (response, status, slug, detail = slug) =>
    reply(response, status, { type: `urn:specola:problem:${slug}`, title: slug, status, detail });

  async function body(request, how = 'json') {
    let text = '';
    for await (const part of request) text += part;
    if (how === 'text') return text;
    return text === '' ? {} : JSON.parse(text);
  }

  const COOKIE = 'specola_session=mock; HttpOnly; SameSite=Strict; Path=/';

  async function api(request, response, url) {
    const path = url.pathname.slice('/api/v1'.length);
    const signed = (request.headers.cookie ?? '').includes('specola_session=mock');
    if (path === '/session' && request.method === 'POST') {
      const { username, password } = await body(request);
      if (username !== 'operator' || password !== 'specola') return problem(response, 401, 'bad-credentials');
      return reply(response, 200, { ...session(), token: 'mock' }, { 'set-cookie': COOKIE });
    }
    if (path === '/session/link') {
      const { code } = await body(request);
      if (code !== 'mock') return problem(response, 401, 'bad-credentials');
      return reply(response, 200, { ...session(), token: 'mock' }, { 'set-cookie': COOKIE });
    }
    if (!signed) return problem(response, 401, 'not-signed-in');
    if (path === '/session' && request.method === 'DELETE') {
      return reply(response, 204, undefined, { 'set-cookie': `${COOKIE}; Max-Age=0` });
    }
    if (path === '/session') return reply(response, 200, session());
    if (path === '/city') {
      return reply(response, 200, {
        name: 'Messina',
        tenant: 'messina',
        center: [15.555, 38.19],
        bounds: [15.49, 38.1, 15.62, 38.28],
        epoch,
        domains: DOMAINS.map((id) => ({ id, asset_count: all.filter((asset) => asset.domain === id).length })),
        timezone: 'Europe/Rome',
      });
    }
    if (path === '/completeness/export') {
      response.writeHead(200, {
        'content-type': 'text/csv',
        'content-disposition': 'attachment; filename="completeness.csv"',
      });
      response.end('device,missed\n');
      return;
    }
    const known = await data.answer(request.method, path, url, (how) => body(request, how));
    if (known === null) return problem(response, 404, 'not-found');
    if (known !== undefined) return reply(response, 200, known);
    if (path === '/assets') {
      const limit = Math.min(20000, Number(url.searchParams.get('limit') ?? 1000));
      const from = Number(url.searchParams.get('after') ?? 0);
      return reply(response, 200, {
        items: all.slice(from, from + limit),
        next: from + limit < count ? String(from + limit) : null,
      });
    }
    const asset = /^\/assets\/([^/]+)(\/history)?$/.exec(path);
    if (asset) {
      const found = byId.get(decodeURIComponent(asset[1]));
      if (!found) return problem(response, 404, 'unknown-asset');
      const mine = [...alarms.all.values()].filter((alarm) => alarms.members.get(alarm.id).includes(found)).reverse();
      if (asset[2]) {
        const metric = url.searchParams.get('metric');
        const from = Date.parse(url.searchParams.get('from'));
        const to = Date.parse(url.searchParams.get('to'));
        const drawn = history(found, metric, from, to, Number(url.searchParams.get('points') ?? 600));
        return reply(response, 200, {
          metric,
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          ...drawn,
          limits: limits(found).filter((limit) => limit.metric === metric),
          alarms: mine.map((alarm) => ({
            id: alarm.id,
            priority: alarm.priority,
            raised_ms: Date.parse(alarm.raised),
            returned_ms: alarm.returned ? Date.parse(alarm.returned) : null,
            message: alarm.title.it,
          })),
        });
      }
      return reply(response, 200, {
        ...found,
        devices: [`dev-${found.slot}`],
        relations: found.circuit ? [{ kind: 'powered-by', to: found.circuit, name: found.circuit }] : [],
        properties: { pole_height_m: '8', rated_w: '62' },
        series: series(found, Date.now()),
        limits: limits(found),
        alarms: mine.slice(0, 20),
      });
    }
    if (path === '/alarms' && request.method === 'GET') {
      const wanted = url.searchParams.get('state') ?? 'open';
      const items = [...alarms.all.values()]
        .filter((alarm) => wanted === 'all' || (alarm.state === 'normal') === (wanted === 'closed'))
        .reverse();
      return reply(response, 200, { items, next: null });
    }
    if (path === '/alarms/acknowledge') {
      const { ids, note } = await body(request);
      const outcome = { done: [], skipped: [] };
      for (const id of ids) {
        const reason = alarms.acknowledge(id, 'operator', note);
        if (reason) outcome.skipped.push({ id, reason });
        else outcome.done.push(id);
      }
      changed();
      return reply(response, 200, outcome);
    }
    const alarm = /^\/alarms\/([^/]+)(\/acknowledge)?$/.exec(path);
    if (alarm) {
      const id = decodeURIComponent(alarm[1]);
      if (!alarms.all.has(id)) return problem(response, 404, 'unknown-alarm');
      if (!alarm[2]) return reply(response, 200, alarms.detail(id));
      const reason = alarms.acknowledge(id, 'operator', (await body(request)).note);
      if (reason) return problem(response, 409, reason);
      changed();
      return reply(response, 200, alarms.all.get(id));
    }
    if (path === '/sql') {
      const { sql } = await body(request);
      if (!/^\s*select/i.test(sql)) return problem(response, 422, 'sql-refused', 'only SELECT is allowed');
      return reply(response, 200, {
        columns: [
          { name: 'device', kind: 'text' },
          { name: 'readings', kind: 'integer' },
        ],
        rows: all.slice(0, 50).map((one) => [one.id, one.slot * 7]),
        truncated: false,
        elapsed_ms: 12,
      });
    }
    return problem(response, 404, 'not-found');
  }

  async function file(response, path) {
    const name = normalize(path).replace(/^(\.\.[/\\])+/, '');
    const known = extname(name) !== '';
    try {
      const content = await readFile(join(DIST, known ? name : 'index.html'));
      response.writeHead(200, {
        'content-type': TYPES[known ? extname(name) : '.html'] ?? 'application/octet-stream',
        'content-security-policy': CSP,
        'x-content-type-options': 'nosniff',
        'cache-control': name.includes('assets') ? 'public, max-age=31536000, immutable' : 'no-cache',
      });
      response.end(content);
    } catch {
      response.writeHead(404).end('not found');
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://mock');
    const answer = url.pathname.startsWith('/api/') ? api(request, response, url) : file(response, url.pathname);
    answer.catch((error) => problem(response, 500, 'mock', String(error)));
  });

  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'specola.v1' });
  const pages = new Set();
  server.on('upgrade', (request, socket, head) => {
    if (silent === 'refuse' || !(request.headers.cookie ?? '').includes('specola_session=mock')) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (page) => {
      const client = { page, version: -1, alarms: -1, subscribed: false };
      pages.add(client);
      page.on('close', () => pages.delete(client));
      page.on('error', () => pages.delete(client));
      page.on('message', (text) => {
        const message = JSON.parse(text);
        if (message.type === 'ping')
          page.send(JSON.stringify({ type: 'pong', sent_ms: message.sent_ms, server_ms: Date.now() }));
        if (message.type !== 'subscribe') return;
        const resume = message.resume && message.resume.epoch === epoch ? message.resume : null;
        client.subscribed = true;
        client.version = resume ? resume.version : -1;
        client.alarms = resume ? resume.alarm_version : -1;
        serve(client);
      });
      if (silent) return;
      page.send(
        JSON.stringify({
          type: 'hello',
          epoch,
          version,
          alarm_version: alarms.version,
          server_ms: Date.now(),
          beat_s: 1,
        }),
      );
    });
  });

  function frame(kind, slots) {
    const padded = Math.ceil(slots.length / 4) * 4;
    const buffer = Buffer.alloc(32 + 4 * slots.length + padded + 4 * slots.length);
    buffer.writeUInt32LE(0x314c5053, 0);
    buffer.writeUInt8(kind, 4);
    buffer.writeBigUInt64LE(BigInt(version), 8);
    buffer.writeDoubleLE(Date.now(), 16);
    buffer.writeUInt32LE(slots.length, 24);
    slots.forEach((slot, index) => {
      buffer.writeUInt32LE(slot, 32 + 4 * index);
      buffer.writeUInt8(states[slot], 32 + 4 * slots.length + index);
      buffer.writeFloatLE(values[slot], 32 + 4 * slots.length + padded + 4 * index);
    });
    return buffer;
  }

  function serve(client) {
    if (silent || !client.subscribed || client.page.bufferedAmount > 1_000_000) return;
    if (client.version < 0)
      client.page.send(
        frame(
          1,
          all.map((asset) => asset.slot),
        ),
      );
    else if (client.version < version) {
      const slots = [];
      for (let slot = 0; slot < count; slot++) if (versions[slot] > client.version) slots.push(slot);
      if (slots.length > 0) client.page.send(frame(2, slots));
    }
    client.version = version;
    if (client.alarms < alarms.version) {
      const reset = client.alarms < 0;
      const items = reset ? alarms.open() : [...alarms.all.values()].filter((alarm) => alarm.version > client.alarms);
      client.page.send(JSON.stringify({ type: 'alarms', reset, alarm_version: alarms.version, items }));
      client.alarms = alarms.version;
    } else if (client.alarms === 0 && !client.told) {
      client.page.send(JSON.stringify({ type: 'alarms', reset: true, alarm_version: 0, items: [] }));
    }
    client.told = true;
  }

  /** Brings the alarms onto the board and tells everybody. */
  function changed() {
    version++;
    const bytes = alarms.bytes();
    for (let slot = 0; slot < count; slot++) {
      const next = bytes.get(slot) ?? base[slot];
      if (next === states[slot]) continue;
      states[slot] = next;
      versions[slot] = version;
    }
    for (const client of pages) serve(client);
  }

  const beat = setInterval(() => {
    if (silent) return;
    const text = JSON.stringify({
      type: 'beat',
      server_ms: Date.now(),
      version,
      readings_per_s: Math.round(count * 0.62 + random() * 80),
      kept_total: version * 5000,
      open_alarms: alarms.open().length,
      lag_ms: Math.round(20 + random() * 30),
    });
    for (const client of pages) if (client.subscribed) client.page.send(text);
  }, 1000);

  let tick = 0;
  const life = setInterval(() => {
    if (!lively) return;
    tick++;
    version++;
    for (let i = 0; i < count / 20; i++) {
      const slot = Math.floor(random() * count);
      values[slot] = 50 + random() * 20;
      versions[slot] = version;
    }
    if (tick % 40 === 0)
      alarms.raise({ kind: Math.floor(random() * 4), nth: Math.floor(random() * 400), group: random() < 0.4 ? 60 : 1 });
    if (tick % 65 === 0) {
      const open = alarms.open();
      if (open.length > 12) alarms.clear(open[Math.floor(random() * open.length)].id);
    }
    changed();
  }, 200);

  if (lively) {
    const now = Date.now();
    for (let i = 0; i < 14; i++)
      alarms.raise({
        kind: [0, 2, 3, 2, 3, 1][i % 6],
        nth: i * 37,
        group: i % 6 === 0 ? 60 : 1,
        at: now - i * 340_000,
      });
    for (const id of ['a-2', 'a-5', 'a-9']) alarms.acknowledge(id, 'operator', 'squadra avvisata', now - 60_000);
    for (const id of ['a-3', 'a-9', 'a-11']) alarms.clear(id, now - 30_000);
    changed();
  }

  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    count,
    get alarms() {
      return alarms;
    },
    get data() {
      return data;
    },
    /** Everything about the data as at the start; another role from now on. */
    begin(as = role) {
      role = as;
      data = new Data(all);
    },
    raise(what) {
      const alarm = alarms.raise(what);
      changed();
      return alarm;
    },
    clear(id) {
      alarms.clear(id);
      changed();
    },
    /** Stops telling anything while sockets stay open; `refuse` also hangs up and opens no new one. */
    silence(how = true) {
      silent = how;
      if (how === 'refuse') for (const client of pages) client.page.terminate();
    },
    speak() {
      silent = false;
    },
    /** Another run of the server: new epoch, no alarms. */
    restart() {
      epoch = `run-${++run}`;
      alarms = new Alarms(all);
      states.set(base);
      for (const client of pages) client.page.close(1001);
    },
    async close() {
      clearInterval(beat);
      clearInterval(life);
      for (const client of pages) client.page.terminate();
      sockets.close();
      await new Promise((resolve) => server.close(resolve));
      server.closeAllConnections?.();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await start({
    port: Number(process.env.PORT ?? 8090),
    count: Number(process.env.ASSETS ?? 8000),
    lively: true,
    role: process.env.ROLE ?? 'admin',
  });
  console.log(`${mock.url}/signin?code=mock`);
}
