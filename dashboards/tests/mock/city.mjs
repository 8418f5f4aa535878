// A small synthetic city for the mock server: the same every time for the same seed.

export const DOMAINS = ['streetlight', 'water', 'structural', 'environment', 'camera'];
const SHARE = [0.86, 0.06, 0.02, 0.03, 0.03];
const CLASSES = ['lamp', 'pressure-sensor', 'accelerometer', 'air-station', 'camera'];
const NAMES = ['Lampione', 'Misuratore', 'Accelerometro', 'Centralina', 'Telecamera'];
const AREAS = [
  'Centro',
  'Provinciale',
  'Gazzi',
  'Giostra',
  'Annunziata',
  'Ganzirri',
  'Tremestieri',
  'Camaro',
  'Contesse',
];

/** Chance that can be repeated (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` assets along a coast like that of Messina, in slot order. */
export function assets(count, seed = 7) {
  const random = chance(seed);
  const list = [];
  for (let slot = 0; slot < count; slot++) {
    const pick = random();
    let domain = 0;
    for (let sum = SHARE[0]; pick > sum && domain < DOMAINS.length - 1; sum += SHARE[++domain]);
    const along = random();
    const line = Math.floor(random() * 9);
    const circuit = Math.floor(along * 130);
    list.push({
      slot,
      id: `${DOMAINS[domain]}-${String(slot).padStart(5, '0')}`,
      name: `${NAMES[domain]} ${slot}`,
      domain: DOMAINS[domain],
      class: CLASSES[domain],
      lon: 15.515 + along * 0.075 - line * 0.0022 + (random() - 0.5) * 0.0006,
      lat: 38.115 + along * 0.145 + line * 0.0005 + (random() - 0.5) * 0.0006,
      area: AREAS[Math.floor(along * AREAS.length)],
      circuit: domain === 0 ? `circuito-${circuit}` : null,
      lifecycle: 'in-service',
    });
  }
  return list;
}

const METRICS = {
  streetlight: [
    ['power', 'W', 62, 6],
    ['voltage', 'V', 230, 3],
  ],
  water: [
    ['pressure', 'bar', 4.2, 0.4],
    ['flow', 'l/s', 18, 6],
  ],
  structural: [
    ['acceleration', 'm/s²', 0.0031, 0.0006],
    ['tilt', '°', 0.21, 0.02],
  ],
  environment: [
    ['pm10', 'µg/m³', 28, 9],
    ['no2', 'µg/m³', 35, 12],
    ['temperature', '°C', 17, 5],
  ],
  camera: [
    ['fps', '1/s', 25, 0.4],
    ['bitrate', 'bit/s', 4.1e6, 4e5],
  ],
};

export function series(asset, now) {
  const random = chance(asset.slot + 1);
  return METRICS[asset.domain].map(([metric, unit, mean, swing], index) => ({
    device: `dev-${asset.slot}`,
    metric,
    value: mean + (random() - 0.5) * swing,
    unit,
    quality: 'good',
    time: new Date(now - 4000 - index * 700_000).toISOString(),
    received: new Date(now - 3900).toISOString(),
    stale_after_s: 600,
  }));
}

export function limits(asset) {
  const [metric, , mean, swing] = METRICS[asset.domain][0];
  return [{ metric, rule: `${asset.domain}-high`, comparison: 'above', limit: mean + swing * 1.4, priority: 2 }];
}

export function history(asset, metric, from, to, points) {
  const [, unit, mean, swing] = METRICS[asset.domain].find(([name]) => name === metric) ?? METRICS[asset.domain][0];
  const random = chance(asset.slot + metric.length);
  const step = Math.max(60_000, (to - from) / points);
  const list = [];
  for (let t = from; t < to; t += step) {
    if (t > from + (to - from) * 0.42 && t < from + (to - from) * 0.46) continue;
    const day = Math.sin((t / 86_400_000) * 2 * Math.PI);
    const value = mean + day * swing * 0.7 + (random() - 0.5) * swing * 0.3;
    const spread = swing * (0.1 + random() * 0.3);
    list.push({
      t_ms: Math.round(t),
      first: value,
      min: value - spread,
      max: value + spread,
      last: value,
      mean: value,
      count: 6,
    });
  }
  return { unit, bucket_s: step / 1000, points: list };
}
