/** This desk: who is signed in, the city, the board, the open alarms, and how alive the picture is. */
import { AlarmBook } from '../alarms/book';
import { api, Refused, Unreachable } from '../ui/api';
import { setZone } from '../ui/format';
import type { Alarm } from '../wire/alarm';
import type { City } from '../wire/city';
import type { Beat } from '../wire/live';
import type { Session } from '../wire/session';
import { Board } from './board';
import { LiveSocket, OLD_AFTER_MS, type Status } from './socket';

export type Phase = 'starting' | 'signed_out' | 'down' | 'ready';

/** People cannot follow lists faster than this; the map has its own, faster path. */
const REDRAW_MS = 200;
const SLOW_MS = 2000;
const RETRY_DOWN_MS = 2000;

class Desk {
  readonly board = new Board();
  readonly book = new AlarmBook();

  phase = $state<Phase>('starting');
  session = $state.raw<Session | null>(null);
  city = $state.raw<City | null>(null);
  /** Assets are on the board. */
  loaded = $state(false);
  /** The first snapshot was applied. */
  painted = $state(false);
  alarmsKnown = $state(false);
  status = $state<Status>('connecting');
  beat = $state.raw<Beat | null>(null);
  /** Server time now, or when it was last heard if the connection is lost. */
  now = $state(Date.now());
  beatAgeMs = $state(0);
  /** Grows when the list of alarms changed. */
  alarmTick = $state(0);
  /** Grows when states on the board changed. */
  boardTick = $state(0);
  /** The same, at most every two seconds: for sums and lists over all assets, which people read slowly. */
  slowTick = $state(0);
  /** Alarms that just came, for those who announce or show them. */
  fresh = $state.raw<Alarm[]>([]);

  #socket: LiveSocket | undefined;
  #heardAt = 0;
  #heardServerMs = 0;
  #alarmsDirty = false;
  #boardDirty = false;
  #slowDirty = false;
  #slowAt = 0;
  #fresh: Alarm[] = [];
  #loading: Promise<void> | undefined;

  alarms = $derived.by(() => {
    void this.alarmTick;
    return this.book.sorted();
  });
  perPriority = $derived.by(() => {
    void this.alarmTick;
    return this.book.perPriority();
  });
  /** The picture is old and must say so. */
  old = $derived(this.phase === 'ready' && this.status === 'lost');

  constructor() {
    this.board.onChange(() => (this.#boardDirty = this.#slowDirty = true));
    setInterval(() => this.#redraw(), REDRAW_MS);
    addEventListener('online', () => this.#socket?.hurry());
  }

  /** Asks who we are and starts what follows. Comes back by itself when the server does not answer. */
  async start(): Promise<void> {
    try {
      this.enter(await api.session());
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        this.phase = 'signed_out';
        return;
      }
      this.phase = 'down';
      setTimeout(() => void this.start(), RETRY_DOWN_MS);
    }
  }

  enter(session: Session): void {
    this.session = session;
    this.phase = 'ready';
    void this.#load();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.#socket ??= new LiveSocket(`${scheme}://${location.host}/api/v1/live`, {
      hello: (hello, restarted) => {
        this.#hear(hello.server_ms);
        if (!restarted) return;
        this.board.forget();
        this.book.alarmVersion = 0;
        void this.#load();
      },
      frame: (frame) => {
        this.board.apply(frame);
        this.painted = true;
      },
      beat: (beat) => {
        this.#hear(beat.server_ms);
        this.beat = beat;
      },
      alarms: (message) => {
        const firstList = !this.alarmsKnown;
        const fresh = this.book.apply(message);
        this.alarmsKnown = true;
        this.#alarmsDirty = true;
        if (!firstList && !message.reset) this.#fresh.push(...fresh);
      },
      assetsChanged: () => void this.#load(),
      status: (status) => {
        this.status = status;
        if (status === 'lost') void this.#stillSignedIn();
      },
      sessionEnded: () => this.leave(),
      resume: () => ({ version: this.board.version, alarm_version: this.book.alarmVersion }),
    });
    this.#socket.start();
  }

  async signOut(): Promise<void> {
    try {
      await api.signOut();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    }
    this.leave();
  }

  leave(): void {
    this.#socket?.stop();
    this.#socket = undefined;
    this.session = null;
    this.phase = 'signed_out';
    this.status = 'connecting';
  }

  /** Takes in an alarm the server gave as an answer, so that the list need not wait for the socket. */
  learn(alarm: Alarm): void {
    this.book.put(alarm);
    this.alarmTick++;
  }

  /** A 401 anywhere means the session is over. Gives back whether the error was that. */
  ended(error: unknown): boolean {
    if (!(error instanceof Refused) || error.status !== 401) return false;
    this.leave();
    return true;
  }

  async #stillSignedIn(): Promise<void> {
    try {
      await api.session();
    } catch (error) {
      this.ended(error);
    }
  }

  #load(): Promise<void> {
    this.#loading ??= this.#fetch().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #fetch(): Promise<void> {
    for (;;) {
      try {
        const [city, assets] = await Promise.all([api.city(), api.assets()]);
        if (this.phase !== 'ready') return;
        setZone(city.timezone);
        this.board.load(
          assets,
          city.domains.map((domain) => domain.id),
        );
        this.city = city;
        this.loaded = true;
        this.boardTick++;
        this.slowTick++;
        return;
      } catch (error) {
        if (this.ended(error) || this.phase !== 'ready') return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_DOWN_MS));
      }
    }
  }

  #hear(serverMs: number): void {
    this.#heardAt = performance.now();
    this.#heardServerMs = serverMs;
    this.beatAgeMs = 0;
    if (this.status !== 'lost') this.now = serverMs;
  }

  #redraw(): void {
    if (this.#heardAt > 0) {
      this.beatAgeMs = performance.now() - this.#heardAt;
      const now = this.#heardServerMs + (this.status === 'open' ? Math.min(this.beatAgeMs, OLD_AFTER_MS) : 0);
      // Seconds are enough for ages and the clock; finer steps would redraw every row five times a second.
      if (Math.floor(now / 1000) !== Math.floor(this.now / 1000)) this.now = now;
    }
    if (this.#alarmsDirty) {
      this.#alarmsDirty = false;
      this.alarmTick++;
    }
    if (this.#boardDirty) {
      this.#boardDirty = false;
      this.boardTick++;
    }
    if (this.#slowDirty && performance.now() - this.#slowAt >= SLOW_MS) {
      this.#slowDirty = false;
      this.#slowAt = performance.now();
      this.slowTick++;
    }
    if (this.#fresh.length > 0) {
      this.fresh = this.#fresh;
      this.#fresh = [];
    }
  }
}

export const desk = new Desk();
