/** The live socket: hello, subscribe, resume, frames, beats, and coming back after a loss. Draws nothing. */
import { decodeFrame, type Frame } from '../wire/frame';
import {
  CLOSE,
  SUBPROTOCOL,
  type AlarmsMessage,
  type Beat,
  type Epoch,
  type Hello,
  type Resume,
  type ServerMessage,
  type Subscribe,
} from '../wire/live';
import { Backoff } from './backoff';

/** Without a beat for this long the picture is old. */
export const OLD_AFTER_MS = 2000;
/** Without a beat for this long the socket is given up and opened again. */
const DEAD_AFTER_MS = 4000;

export interface Handlers {
  /** A new connection; `restarted` when the server is another run and slots are void. */
  hello(hello: Hello, restarted: boolean): void;
  frame(frame: Frame): void;
  beat(beat: Beat): void;
  alarms(message: AlarmsMessage): void;
  assetsChanged(): void;
  /** The connection went away or came back to life. */
  status(status: Status): void;
  sessionEnded(): void;
  /** Where to take up again. */
  resume(): Omit<Resume, 'epoch'>;
}

export type Status = 'connecting' | 'open' | 'lost';

/** What the socket needs from its surroundings; tests give their own. */
export interface Surroundings {
  open(url: string, protocol: string): WebSocket;
  now(): number;
  later(run: () => void, ms: number): number;
  cancel(timer: number): void;
  chance(): number;
}

export const browser: Surroundings = {
  open: (url, protocol) => new WebSocket(url, protocol),
  now: () => performance.now(),
  later: (run, ms) => window.setTimeout(run, ms),
  cancel: (timer) => window.clearTimeout(timer),
  chance: () => Math.random(),
};

export class LiveSocket {
  #url: string;
  #handlers: Handlers;
  #around: Surroundings;
  #socket: WebSocket | undefined;
  #epoch: Epoch | undefined;
  #backoff = new Backoff();
  #retry: number | undefined;
  #watch: number | undefined;
  #heardAt = 0;
  #status: Status = 'connecting';
  #stopped = true;

  constructor(url: string, handlers: Handlers, around: Surroundings = browser) {
    this.#url = url;
    this.#handlers = handlers;
    this.#around = around;
  }

  get status(): Status {
    return this.#status;
  }

  /** How many tries since the last hello. */
  get tries(): number {
    return this.#backoff.tries;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
    this.#drop();
  }

  /** Tries at once, for example when the network of the machine came back. */
  hurry(): void {
    if (this.#stopped || this.#status === 'open') return;
    this.#clear();
    this.#drop();
    this.#connect();
  }

  #connect(): void {
    const socket = this.#around.open(this.#url, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#heardAt = this.#around.now();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event: CloseEvent) => {
      if (socket === this.#socket) this.#closed(event.code);
    };
    this.#watchBeats();
  }

  #receive(data: string | ArrayBuffer): void {
    try {
      if (typeof data !== 'string') {
        this.#handlers.frame(decodeFrame(data));
        return;
      }
      this.#message(JSON.parse(data) as ServerMessage);
    } catch (error) {
      console.error('live: frame refused', error);
      this.#restart();
    }
  }

  #message(message: ServerMessage): void {
    switch (message.type) {
      case 'hello': {
        this.#heardAt = this.#around.now();
        const restarted = this.#epoch !== undefined && this.#epoch !== message.epoch;
        const first = this.#epoch === undefined;
        this.#epoch = message.epoch;
        this.#backoff.reset();
        this.#handlers.hello(message, restarted);
        const resume = first || restarted ? null : { epoch: message.epoch, ...this.#handlers.resume() };
        this.#send({ type: 'subscribe', resume, viewport: null, domains: null });
        this.#set('open');
        break;
      }
      case 'beat':
        this.#heardAt = this.#around.now();
        this.#handlers.beat(message);
        this.#set('open');
        break;
      case 'alarms':
        this.#handlers.alarms(message);
        break;
      case 'assets_changed':
        this.#handlers.assetsChanged();
        break;
      case 'pong':
        break;
    }
  }

  #send(message: Subscribe): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #closed(code: number): void {
    this.#socket = undefined;
    if (this.#stopped) return;
    if (code === CLOSE.sessionEnded) {
      this.stop();
      this.#handlers.sessionEnded();
      return;
    }
    this.#set('lost');
    this.#clear();
    this.#retry = this.#around.later(() => this.#connect(), this.#backoff.next(this.#around.chance()));
  }

  #restart(): void {
    this.#drop();
    this.#closed(0);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #watchBeats(): void {
    if (this.#watch !== undefined) this.#around.cancel(this.#watch);
    this.#watch = this.#around.later(() => {
      const silent = this.#around.now() - this.#heardAt;
      if (silent >= OLD_AFTER_MS) this.#set('lost');
      if (silent >= DEAD_AFTER_MS) this.#restart();
      else this.#watchBeats();
    }, 100);
  }

  #clear(): void {
    if (this.#retry !== undefined) this.#around.cancel(this.#retry);
    if (this.#watch !== undefined) this.#around.cancel(this.#watch);
    this.#retry = this.#watch = undefined;
  }

  #set(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#handlers.status(status);
  }
}
