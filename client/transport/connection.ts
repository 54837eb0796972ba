/** The connection: keeps one link to the server up, and says when there is one. */

import type { Ack, Done } from "../protocol";
import type { NotLetIn } from "./packets";
import { type Dial, dialWebSocket, type Ears, type Link, LinkLost } from "./websocket_transport";

export { LinkLost };

/** What may be asked and how it is answered: VisitorCommands or AgentCommands. */
type Commands<C> = { [K in keyof C]: { payload: unknown; ack: Done } };

export interface Wiring {
  url: string;
  namespace: string;
  /** Asked anew for each dialling: the token may have come meanwhile. */
  auth: () => unknown;
  /** Up: say hello. It runs before `state` becomes "up" is told to anybody else. */
  up: () => void;
  down: () => void;
  heard: (event: string, payload: unknown) => void;
  /** The server said no to our auth; we do not knock again by ourselves. */
  refused: (why: NotLetIn) => void;
  dial?: Dial;
  /** Loaded when WebSocket fails twice without a server having answered; rejects when it can't be loaded. */
  fallback?: () => Promise<Dial>;
  random?: () => number;
}

const SHORTEST_MS = 500;
// Who has been away for long is back within five seconds of the server, and ten thousand don't return in one.
export const LONGEST_MS = 5_000;
const BLOCKED_AFTER = 2;

/** The wait before attempt `n` (from 0), with jitter of half: so that a thousand clients do not return at once. */
export function backoff(n: number, random: number): number {
  const full = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** n);
  return Math.max(SHORTEST_MS, full * (0.5 + random / 2));
}

export class Connection<C extends Commands<C>> {
  #link: Link | undefined;
  #up = false;
  #wanted = false;
  #dialling = false;
  #failures = 0;
  #dial: Dial;
  #everOpened = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly wiring: Wiring) {
    this.#dial = wiring.dial ?? dialWebSocket;
  }

  get isUp(): boolean {
    return this.#up;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  open(): void {
    this.#wanted = true;
    if (!this.#link && !this.#dialling) void this.#connect();
  }

  /** Ends the link and stays down until `open`. */
  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#link?.close();
  }

  /** Drops what there is and dials at once, with fresh auth. */
  again(): void {
    this.close();
    this.#failures = 0;
    this.open();
  }

  /** The browser says that it is offline: believed at once, not after a ping that never comes. */
  drop(): void {
    this.#link?.close();
  }

  /** Something says the network may be back (online, visible, a retry): no more waiting. */
  wake(): void {
    if (!this.#wanted || this.#link || this.#dialling) return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  /** Resolves with the ack, rejects with LinkLost. */
  async ask<K extends keyof C & string>(command: K, payload: C[K]["payload"]): Promise<Ack<C[K]["ack"]>> {
    if (!this.#link || !this.#up) throw new LinkLost();
    return (await this.#link.ask(command, payload)) as Ack<C[K]["ack"]>;
  }

  async #connect(): Promise<void> {
    this.#dialling = true;
    await this.#chooseDial();
    this.#dialling = false;
    if (!this.#wanted) return;
    const { url, namespace, auth } = this.wiring;
    const ears = this.#ears();
    try {
      this.#link = this.#dial(url, namespace, auth(), ears);
    } catch {
      // Where a policy forbids WebSocket its constructor throws.
      ears.down({ opened: false });
    }
  }

  /** WebSocket blocked looks like a server that never answers; long polling is tried in its place. */
  async #chooseDial(): Promise<void> {
    const { fallback, dial = dialWebSocket } = this.wiring;
    if (!fallback || this.#everOpened || this.#failures < BLOCKED_AFTER) return;
    const turn = this.#dial === dial ? await fallback().catch(() => dial) : dial;
    this.#dial = turn;
  }

  #ears(): Ears {
    return {
      up: () => {
        this.#up = true;
        this.#failures = 0;
        this.wiring.up();
      },
      heard: this.wiring.heard,
      down: ({ opened, refused }) => {
        this.#everOpened ||= opened;
        this.#link = undefined;
        this.#up = false;
        this.wiring.down();
        if (refused) {
          this.#wanted = false;
          this.wiring.refused(refused);
        } else this.#later();
      },
    };
  }

  #later(): void {
    if (!this.#wanted) return;
    const random = this.wiring.random ?? Math.random;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), backoff(this.#failures++, random()));
  }
}

/** Tells the connection what the browser knows: gone, back, online, seen again. Returns how to stop. */
export function followBrowser<C extends Commands<C>>(
  connection: Connection<C>,
  page: Window = window,
): () => void {
  const wake = () => connection.wake();
  const seen = () => page.document.visibilityState === "visible" && wake();
  // A page with an open socket can't enter the back-forward cache.
  let left = false;
  const hide = () => {
    left = connection.isWanted;
    connection.close();
  };
  const show = () => left && connection.open();
  const on: [EventTarget, string, () => unknown][] = [
    [page, "online", wake],
    [page, "offline", () => connection.drop()],
    [page, "pagehide", hide],
    [page, "pageshow", show],
    [page.document, "visibilitychange", seen],
  ];
  for (const [target, name, listener] of on) target.addEventListener(name, listener);
  return () => {
    for (const [target, name, listener] of on) target.removeEventListener(name, listener);
  };
}
