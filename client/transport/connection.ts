/** The connection: keeps one link to the server up, and says when there is one. */

import type { Ack, Done } from "../protocol";
import type { ConnectError } from "./packets";
import { type Connect, ConnectionLost, type Transport, type TransportListener } from "./transport";
import { connectWebSocket } from "./websocket_transport";

/** What may be asked and how it is answered: VisitorCommands or AgentCommands. */
type Commands<C> = { [K in keyof C]: { payload: unknown; ack: Done } };

export interface ConnectionOptions {
  url: string;
  namespace: string;
  /** Asked anew for each dialling: the token may have come meanwhile. */
  auth: () => unknown;
  /** Up: say hello. It runs before `state` becomes "up" is told to anybody else. */
  onConnected: () => void;
  onDisconnected: () => void;
  onEvent: (event: string, payload: unknown) => void;
  /** The server said no to our auth; we do not knock again by ourselves. */
  onRefused: (why: ConnectError) => void;
  connect?: Connect;
  /** Loaded when WebSocket fails twice without a server having answered; rejects when it can't be loaded. */
  fallback?: () => Promise<Connect>;
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
  #transport: Transport | undefined;
  #isOpen = false;
  #wanted = false;
  #connecting = false;
  #failures = 0;
  #connectVia: Connect;
  #everOpened = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ConnectionOptions) {
    this.#connectVia = options.connect ?? connectWebSocket;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  open(): void {
    this.#wanted = true;
    if (!this.#transport && !this.#connecting) void this.#openTransport();
  }

  /** Ends the link and stays down until `open`. */
  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#transport?.close();
  }

  /** Drops what there is and dials at once, with fresh auth. */
  reconnect(): void {
    this.close();
    this.#failures = 0;
    this.open();
  }

  /** The browser says that it is offline: believed at once, not after a ping that never comes. */
  drop(): void {
    this.#transport?.close();
  }

  /** Something says the network may be back (online, visible, a retry): no more waiting. */
  wake(): void {
    if (!this.#wanted || this.#transport || this.#connecting) return;
    clearTimeout(this.#timer);
    void this.#openTransport();
  }

  /** Resolves with the ack, rejects with LinkLost. */
  async request<K extends keyof C & string>(command: K, payload: C[K]["payload"]): Promise<Ack<C[K]["ack"]>> {
    if (!this.#transport || !this.#isOpen) throw new ConnectionLost();
    return (await this.#transport.request(command, payload)) as Ack<C[K]["ack"]>;
  }

  async #openTransport(): Promise<void> {
    this.#connecting = true;
    await this.#chooseTransport();
    this.#connecting = false;
    if (!this.#wanted) return;
    const { url, namespace, auth } = this.options;
    const listener = this.#listener();
    try {
      this.#transport = this.#connectVia(url, namespace, auth(), listener);
    } catch {
      // Where a policy forbids WebSocket its constructor throws.
      listener.onClosed({ opened: false });
    }
  }

  /** WebSocket blocked looks like a server that never answers; long polling is tried in its place. */
  async #chooseTransport(): Promise<void> {
    const { fallback, connect = connectWebSocket } = this.options;
    if (!fallback || this.#everOpened || this.#failures < BLOCKED_AFTER) return;
    const next = this.#connectVia === connect ? await fallback().catch(() => connect) : connect;
    this.#connectVia = next;
  }

  #listener(): TransportListener {
    return {
      onConnected: () => {
        this.#isOpen = true;
        this.#failures = 0;
        this.options.onConnected();
      },
      onEvent: this.options.onEvent,
      onClosed: ({ opened, refused }) => {
        this.#everOpened ||= opened;
        this.#transport = undefined;
        this.#isOpen = false;
        this.options.onDisconnected();
        if (refused) {
          this.#wanted = false;
          this.options.onRefused(refused);
        } else this.#scheduleRetry();
      },
    };
  }

  #scheduleRetry(): void {
    if (!this.#wanted) return;
    const random = this.options.random ?? Math.random;
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
