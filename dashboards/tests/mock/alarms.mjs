// The alarms of the mock city: a few kinds with all their words, and their life.

const KINDS = [
  {
    rule: 'dark-circuit',
    domain: 'streetlight',
    priority: 2,
    respond: 1800,
    title: ['Circuito spento', 'Dark circuit'],
    cause: [
      'Le lampade del circuito non assorbono corrente di notte: interruttore aperto o cavo interrotto.',
      'The lamps of the circuit draw no current at night: open breaker or cut cable.',
    ],
    consequence: ['La strada è buia; traffico e pedoni a rischio.', 'The street is dark; traffic and people at risk.'],
    action: [
      'Controlla il quadro, poi manda la squadra elettricisti.',
      'Check the cabinet, then send the electricians.',
    ],
  },
  {
    rule: 'burst-pipe',
    domain: 'water',
    priority: 1,
    respond: 600,
    title: ['Pressione crollata', 'Pressure collapsed'],
    cause: [
      'Pressione sotto 1,5 bar con portata in aumento: probabile rottura della condotta.',
      'Pressure below 1.5 bar with rising flow: probably a burst pipe.',
    ],
    consequence: ['Utenze senza acqua e allagamento della strada.', 'Customers without water and a flooded street.'],
    action: [
      'Chiudi le valvole del distretto e chiama il reperibile acquedotto.',
      'Close the district valves and call the water duty officer.',
    ],
  },
  {
    rule: 'frozen-camera',
    domain: 'camera',
    priority: 3,
    respond: 7200,
    title: ['Immagine ferma', 'Frozen picture'],
    cause: ['Nessun fotogramma nuovo da 60 secondi.', 'No new frame for 60 seconds.'],
    consequence: ["L'incrocio non è sorvegliato.", 'The junction is not watched.'],
    action: [
      'Riavvia la telecamera; se non torna, apri un intervento.',
      'Restart the camera; if it stays dead, open a job.',
    ],
  },
  {
    rule: 'silent-station',
    domain: 'environment',
    priority: 4,
    respond: null,
    title: ['Centralina muta', 'Silent station'],
    cause: ['Nessuna misura da 30 minuti.', 'No reading for 30 minutes.'],
    consequence: ['I valori della zona non sono aggiornati.', 'Values of the district are not up to date.'],
    action: ['Verifica alimentazione e rete al prossimo giro.', 'Check power and network on the next round.'],
  },
];

const words = ([it, en]) => ({ it, en });

export class Alarms {
  constructor(assets) {
    this.assets = assets;
    this.all = new Map();
    this.journal = new Map();
    this.members = new Map();
    this.version = 0;
    this.seq = 0;
    this.next = 1;
  }

  open() {
    return [...this.all.values()].filter((alarm) => alarm.state !== 'normal');
  }

  /** Raises an alarm of a kind on the n-th asset of its domain; `group` takes that many members. */
  raise({ kind = 0, nth = 0, group = 1, at = Date.now() } = {}) {
    const what = KINDS[kind % KINDS.length];
    const fitting = this.assets.filter((asset) => asset.domain === what.domain);
    const source = fitting[nth % fitting.length];
    const near =
      group > 1 && source.circuit !== null
        ? fitting.filter((asset) => asset.circuit !== null && asset.circuit === source.circuit).slice(0, group)
        : [source];
    const id = `a-${this.next++}`;
    const time = new Date(at).toISOString();
    const alarm = {
      id,
      rule: what.rule,
      key: source.circuit ?? source.id,
      domain: what.domain,
      priority: what.priority,
      state: 'active_unacknowledged',
      asset: source.id,
      asset_name: near.length > 1 ? source.circuit : source.name,
      lon: source.lon,
      lat: source.lat,
      area: source.area,
      title: words(what.title),
      cause: words(what.cause),
      consequence: words(what.consequence),
      action: words(what.action),
      respond_within_s: what.respond,
      value: kind === 1 ? 1.12 : 0.4,
      unit: kind === 1 ? 'bar' : 'W',
      limit: kind === 1 ? 1.5 : 5,
      metric: kind === 1 ? 'pressure' : 'power',
      raised: time,
      returned: null,
      acknowledged: null,
      acknowledged_by: null,
      note: null,
      member_count: near.length,
      active_member_count: near.length,
      first_out: near[0].id,
      version: ++this.version,
    };
    this.all.set(id, alarm);
    this.members.set(id, near);
    this.journal.set(id, []);
    this.#write(id, 'raised', at, null, null, alarm.value);
    return alarm;
  }

  acknowledge(id, actor, note, at = Date.now()) {
    const alarm = this.all.get(id);
    if (!alarm) return 'not-found';
    const next = { active_unacknowledged: 'active_acknowledged', returned_unacknowledged: 'normal' }[alarm.state];
    if (!next) return 'already-acknowledged';
    this.#change(id, {
      state: next,
      acknowledged: new Date(at).toISOString(),
      acknowledged_by: actor,
      note: note ?? null,
    });
    this.#write(id, 'acknowledged', at, actor, note ?? null, null);
    return null;
  }

  clear(id, at = Date.now()) {
    const alarm = this.all.get(id);
    const next = { active_unacknowledged: 'returned_unacknowledged', active_acknowledged: 'normal' }[alarm?.state];
    if (!next) return;
    this.#change(id, { state: next, returned: new Date(at).toISOString(), active_member_count: 0 });
    this.#write(id, 'returned', at, null, null, null);
  }

  detail(id) {
    const alarm = this.all.get(id);
    if (!alarm) return null;
    const members = this.members.get(id).map((asset) => ({
      asset: asset.id,
      name: asset.name,
      lon: asset.lon,
      lat: asset.lat,
      since: alarm.raised,
      value: alarm.value,
      unit: alarm.unit,
      active: alarm.returned === null,
    }));
    return { ...alarm, members, journal: this.journal.get(id) };
  }

  /** State byte of every asset that an open alarm is about. */
  bytes() {
    const bytes = new Map();
    for (const alarm of this.open()) {
      const active = alarm.state.startsWith('active');
      const waiting = alarm.state.endsWith('_unacknowledged');
      const group = alarm.member_count > 1 ? 64 : 0;
      for (const asset of this.members.get(alarm.id)) {
        const before = bytes.get(asset.slot) ?? 0;
        const priority = active ? Math.min(before & 7 || 9, alarm.priority) : before & 7;
        bytes.set(asset.slot, (before & ~7) | priority | (waiting && active ? 8 : 0) | (active ? 0 : 32) | group);
      }
    }
    return bytes;
  }

  #change(id, changes) {
    this.all.set(id, { ...this.all.get(id), ...changes, version: ++this.version });
  }

  #write(id, kind, at, actor, note, value) {
    this.journal.get(id).push({ seq: ++this.seq, time: new Date(at).toISOString(), kind, actor, note, value });
  }
}
