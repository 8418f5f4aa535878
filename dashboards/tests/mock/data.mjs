// What the mock server says about the data themselves: sources, refused messages, newcomers, completeness.

const REASONS = ['schema', 'malformed', 'timestamp', 'unknown_format'];
const ADVICE = {
  it: 'Si legge, ma manca qualcosa: correggere il mapping della rotta e provarlo.',
  en: 'It can be read, but something is missing: correct the mapping of the route and try it.',
};
const PAYLOADS = [
  '{"device":"lamp-7","ts":1790000000,"values":{"power":61.5,"power":62.0,"state":null},"list":[1,2,[]]}',
  '{"device":"lamp-7","ts":"yesterday","power":"sixty"',
  '{"id":12345678901234567890,"t":4102444800}',
];

const ledger = (received, refused = {}) => {
  const turned = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return {
    received,
    stored: received - turned - 3,
    duplicate: 3,
    conflict: 0,
    refused,
    ignored: 0,
    shed: 0,
    waiting: 0,
  };
};

/** A handful of each; what the pages do to them is remembered until `restart`. */
export class Data {
  constructor(assets) {
    this.now = Date.now();
    this.started = this.now - 3_600_000;
    this.assets = assets;
    this.away = false;
    /** Letters of this reason are understood when they are read again. */
    this.mended = 'schema';
    this.discarded = [];
    this.letters = Array.from({ length: 130 }, (_, index) => {
      const reason = REASONS[index % 7 < 4 ? 0 : (index % 3) + 1];
      const binary = index % 11 === 5;
      const payload = binary
        ? Buffer.from([0x00, 0xff, 0x10, 0x41, 0x42, index])
        : Buffer.from(PAYLOADS[index % PAYLOADS.length]);
      const last = new Date(this.now - index * 2_400_000).toISOString();
      return {
        id: String(1000 - index),
        reason,
        detail: reason === 'schema' ? 'field "ts" is missing' : 'byte 12: expected a value',
        advice: ADVICE,
        source: index % 5 === 0 ? 'http' : 'listener',
        topic: `city/lamps/lamp-${String(index).padStart(3, '0')}/telemetry`,
        first: last,
        last,
        times: 1 + (index % 4) * 7,
        readings: reason === 'timestamp' ? 2 : 0,
        bytes: payload.length,
        head: binary ? '\ufffd\ufffdAB' : payload.toString(),
        wanted: false,
        payload: payload.toString('base64'),
      };
    });
    this.newcomers = ['quadro-17', 'sonda-acqua-3', 'bin-041', 'bin-042', 'bin-043'].map((id, index) => ({
      id,
      name: id,
      class: index < 2 ? 'device' : 'waste-bin',
      domain: index < 2 ? 'unassigned' : 'waste',
      lon: index === 1 ? 15.55 : null,
      lat: index === 1 ? 38.19 : null,
      area: null,
      devices: [id],
      source: 'listener',
      topic: `waste/${id}/report`,
      format: 'generic-json',
      first_heard: new Date(this.now - 7_200_000).toISOString(),
      last_heard: new Date(this.now - 40_000).toISOString(),
      values: ['fill', 'temperature', 'battery', 'status'].map((metric, at) => ({
        metric,
        value: metric === 'status' ? 'ok' : 20.5 + at * 7,
        unit: ['%', '°C', 'V', null][at],
        quality: 'good',
        time: new Date(this.now - 40_000).toISOString(),
      })),
      metrics: 4,
    }));
  }

  /** Answers a question about the data; `undefined` when it is none. */
  async answer(method, path, url, body) {
    const query = url.searchParams;
    if (path === '/sources') return this.sources();
    if (path === '/dead-letters/timeline') return this.timeline(query);
    if (path === '/dead-letters') return this.page(query);
    if (path === '/dead-letters/replay') return this.replay(await body());
    if (path === '/dead-letters/discard') {
      const { ids } = await body();
      const before = this.letters.length;
      this.discarded.push(...ids);
      this.letters = this.letters.filter((one) => !ids.includes(one.id));
      return { discarded: before - this.letters.length, more: false };
    }
    const letter = /^\/dead-letters\/(\w+)$/.exec(path);
    if (letter) {
      const found = this.letters.find((one) => one.id === letter[1]);
      return found ? { ...found, whole: true, arrivals: [found.first, found.last] } : null;
    }
    if (path === '/newcomers') return this.waiting(query);
    if (path === '/asset-classes') {
      return {
        items: [
          { key: 'lamp', domain: 'streetlight', title: { it: 'Lampione', en: 'Street lamp' } },
          { key: 'waste-bin', domain: 'waste', title: { it: 'Cestino', en: 'Waste bin' } },
        ],
      };
    }
    if (path === '/assets/import') return this.take(await body('text'));
    if (path === '/assets/approve') {
      const { ids, class: name } = await body();
      return this.leave((one) => ids?.includes(one.id) || one.class === name, 'in-service');
    }
    const stage = /^\/assets\/([^/]+)\/stage$/.exec(path);
    if (stage) return this.leave((one) => one.id === decodeURIComponent(stage[1]), (await body()).stage);
    if (path === '/completeness') return this.completeness(query);
    const device = /^\/completeness\/([^/]+)$/.exec(path);
    if (device) return this.gaps(decodeURIComponent(device[1]), query);
    return undefined;
  }

  sources() {
    const now = Date.now();
    const seconds = Math.floor((now - this.started) / 1000);
    const refused = this.letters.length > 0 ? { schema: this.letters.length } : {};
    const base = {
      since: new Date(this.started).toISOString(),
      last_message: new Date(now - 400).toISOString(),
      last_error: null,
      connected: true,
    };
    return {
      time: new Date(now).toISOString(),
      counted_since: new Date(this.started).toISOString(),
      items: [
        {
          ...base,
          name: 'listener',
          kind: 'listener',
          connections: 412,
          messages: ledger(seconds * 180, refused),
          readings: ledger(seconds * 700),
        },
        {
          ...base,
          name: 'scada-acqua',
          kind: 'broker',
          connected: !this.away,
          connections: this.away ? 0 : 1,
          last_error: this.away ? 'connection refused' : null,
          messages: ledger(seconds * 12),
          readings: ledger(seconds * 48),
        },
        {
          ...base,
          name: 'http',
          kind: 'http',
          connections: 0,
          messages: ledger(seconds),
          readings: ledger(seconds * 9),
        },
      ],
    };
  }

  fitting(query) {
    return this.letters.filter(
      (one) =>
        (!query.get('reason') || one.reason === query.get('reason')) &&
        (!query.get('source') || one.source === query.get('source')) &&
        (!query.get('topic') || one.topic.startsWith(query.get('topic'))) &&
        (!query.get('since') || one.last >= query.get('since')),
    );
  }

  page(query) {
    const all = this.fitting(query);
    const from = Number(query.get('after') ?? 0);
    const to = from + Number(query.get('limit') ?? 100);
    const counts = REASONS.map((reason) => {
      const mine = this.letters.filter((one) => one.reason === reason);
      return {
        reason,
        letters: mine.length,
        messages: mine.reduce((sum, one) => sum + one.times, 0),
        bytes: mine.length * 300,
      };
    });
    return {
      items: all.slice(from, to),
      next: to < all.length ? String(to) : null,
      counts: counts.filter((one) => one.letters > 0),
    };
  }

  timeline(query) {
    const from = Date.parse(query.get('from'));
    const to = Date.now();
    const count = Number(query.get('stretches') ?? 48);
    const stretch = (to - from) / count;
    const lines = new Map();
    for (const one of this.letters) {
      const at = Math.floor((Date.parse(one.last) - from) / stretch);
      if (at < 0 || at >= count) continue;
      const key = `${one.reason} ${one.source}`;
      const line = lines.get(key) ?? {
        reason: one.reason,
        source: one.source,
        messages: 0,
        counts: Array(count).fill(0),
      };
      line.counts[at] += one.times;
      line.messages += one.times;
      lines.set(key, line);
    }
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      stretch_s: stretch / 1000,
      lines: [...lines.values()].sort((a, b) => b.messages - a.messages),
    };
  }

  replay({ ids, dry_run: trial }) {
    let stored = 0;
    const letters = ids.map((id) => {
      const one = this.letters.find((letter) => letter.id === id);
      const none = { id, readings: null, reason: null, detail: null };
      if (!one) return { ...none, fate: 'unknown' };
      if (one.reason !== this.mended) return { ...none, fate: 'refused', reason: one.reason, detail: one.detail };
      if (!trial) {
        this.letters = this.letters.filter((letter) => letter !== one);
        stored += 2;
      }
      return { ...none, fate: 'understood', readings: 2 };
    });
    return { letters, stored, duplicate: 0, conflict: 0, more: false };
  }

  waiting(query) {
    const words = (query.get('q') ?? '').toLowerCase();
    const classes = {};
    for (const one of this.newcomers) classes[one.class] = (classes[one.class] ?? 0) + 1;
    const items = this.newcomers.filter(
      (one) => one.id.includes(words) && (!query.get('class') || one.class === query.get('class')),
    );
    return { items, next: null, classes };
  }

  leave(which, stage) {
    const going = this.newcomers.filter(which);
    this.newcomers = this.newcomers.filter((one) => !going.includes(one));
    const changes = going.map((one) => ({
      id: one.id,
      what: 'changed',
      fields: [{ field: 'lifecycle', before: 'quarantined', after: stage }],
    }));
    return { added: 0, changed: going.length, retired: 0, unchanged: 0, missing: 0, changes };
  }

  take(table) {
    this.imported = table;
    const [header, row] = table.trim().split('\n');
    const id = row.split(',')[header.split(',').indexOf('id')];
    return this.leave((one) => one.id === id, 'in-service');
  }

  completeness(query) {
    const holes = this.assets.slice(0, 34).map((asset, index) => ({
      device: `dev-${asset.slot}`,
      asset: asset.id,
      name: asset.name,
      domain: asset.domain,
      area: asset.area,
      readings: 1440 - 3 * (40 - index),
      expected: 1440,
      missed: 3 * (40 - index),
      longest_gap_s: 60 * (40 - index),
      lost_frames: index % 4 === 0 ? 5 : 0,
    }));
    const missed = holes.reduce((sum, one) => sum + one.missed, 0);
    const shares = (key) => {
      const by = new Map();
      for (const asset of this.assets) {
        const one = by.get(asset[key]) ?? {
          name: asset[key],
          devices: 0,
          devices_with_holes: 0,
          readings: 0,
          expected: 0,
          missed: 0,
          ratio: 1,
        };
        one.devices++;
        one.expected += 1440;
        by.set(asset[key], one);
      }
      for (const hole of holes) {
        const one = by.get(hole[key]);
        one.devices_with_holes++;
        one.missed += hole.missed;
      }
      for (const one of by.values()) {
        one.readings = one.expected - one.missed;
        one.ratio = one.readings / one.expected;
      }
      return [...by.values()].sort((a, b) => a.ratio - b.ratio);
    };
    const expected = this.assets.length * 1440;
    return {
      from: query.get('from'),
      to: query.get('to'),
      ratio: (expected - missed) / expected,
      devices: this.assets.length,
      readings: expected - missed,
      expected,
      missed,
      devices_with_holes: holes.length,
      domains: shares('domain'),
      areas: shares('area'),
      holes,
    };
  }

  gaps(device, query) {
    const from = Date.parse(query.get('from'));
    const span = Date.parse(query.get('to')) - from;
    const at = (part) => new Date(from + part * span).toISOString();
    const start = (Number(device.replace(/\D/g, '')) % 17) / 30;
    const gap = (metric, begin, end) => ({
      metric,
      from: at(begin),
      to: at(end),
      missed: Math.round((end - begin) * 1440),
    });
    return {
      device,
      lost_frames: 0,
      series: [
        { metric: 'power', readings: 1380, expected: 1440, missed: 60, usual_s: 60, longest_gap_s: 2400 },
        { metric: 'lamp_on', readings: 2, expected: 2, missed: 0, usual_s: null, longest_gap_s: 40_000 },
      ],
      gaps: [gap('power', start, start + 0.06), gap('voltage', start + 0.03, start + 0.1), gap('power', 0.8, 0.802)],
      more: false,
    };
  }
}
