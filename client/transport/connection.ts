/** The connection: opens a transport to the server, and a new one after each loss. */

import type { Ack, Reply } from "../protocol/shared";
import type { ConnectError } from "./packets";
import { type Connect, ConnectionLost, type Transport, type TransportListener } from "./transport";
import { connectWebSocket } from "./websocket_transport";

/** Commands with their acks: VisitorCommands or AgentCommands. */
type Commands<C> = { [K in keyof C]: { payload: unknown; ack: Ack } };

export interface ConnectionOptions {
  url: string;
  namespace: string;
  /** Called for each attempt, for the token may have changed. */
  auth: () => unknown;
  /** The transport is open: send hello. */
  onConnected: () => void;
  onDisconnected: () => void;
  onEvent: (event: string, payload: unknown) => void;
  /** The server rejected our auth. The connection does not retry by itself. */
  onRefused: (why: ConnectError) => void;
  connect?: Connect;
  /** Loads another transport after two attempts without any answer. Rejects if it can't be loaded. */
  fallback?: () => Promise<Connect>;
  random?: () => number;
}

const SHORTEST_MS = 500;
// The maximum lets a client return within 5 s of the server; the jitter keeps ten thousand from returning at once.
export const LONGEST_MS = 5_000;
const BLOCKED_AFTER = 2;

/** The wait in milliseconds before attempt `n` (from 0). Half of it is jitter. */
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

  /** Closes the transport; it stays closed until `open`. */
  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#transport?.close();
  }

  /** Closes the transport and opens a new one at once, with fresh auth. */
  reconnect(): void {
    this.close();
    this.#failures = 0;
    this.open();
  }

  /** Call when the browser is offline: it notices before a missing ping would. */
  drop(): void {
    this.#transport?.close();
  }

  /** Call when the network may be back (online, page visible, a retry): ends the wait before the next attempt. */
  wake(): void {
    if (!this.#wanted || this.#transport || this.#connecting) return;
    clearTimeout(this.#timer);
    void this.#openTransport();
  }

  /** Resolves with the ack, rejects with ConnectionLost. */
  async request<K extends keyof C & string>(
    command: K,
    payload: C[K]["payload"],
  ): Promise<Reply<C[K]["ack"]>> {
    if (!this.#transport || !this.#isOpen) throw new ConnectionLost();
    return (await this.#transport.request(command, payload)) as Reply<C[K]["ack"]>;
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
      // The WebSocket constructor throws if the page's policy forbids the address.
      listener.onClosed({ opened: false });
    }
  }

  /** A blocked WebSocket looks like a server that never answers, so the two transports take turns. */
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

/** Follows the browser's events: page hidden or shown, offline or online. */
export function followBrowser<C extends Commands<C>>(connection: Connection<C>, page: Window = window): void {
  const wake = () => connection.wake();
  const seen = () => page.document.visibilityState === "visible" && wake();
  // A page with an open socket can't enter the back-forward cache.
  let left = false;
  const hide = () => {
    left = connection.isWanted;
    connection.close();
  };
  const show = () => left && connection.open();
  page.addEventListener("online", wake);
  page.addEventListener("offline", () => connection.drop());
  page.addEventListener("pagehide", hide);
  page.addEventListener("pageshow", show);
  page.document.addEventListener("visibilitychange", seen);
}
