/** The agent's socket: sends commands, receives events, and knows whether it is connected. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { io } from "socket.io-client";
import type { AgentCommands, AgentEvents } from "../../client/protocol/agent";
import { LIMITS, type Refusal, type Reply } from "../../client/protocol/shared";
import { LONGEST_MS } from "../../client/transport/connection";
import { ConnectionLost } from "../../client/transport/transport";

type Command = keyof AgentCommands;
type Payload<C extends Command> = AgentCommands[C]["payload"];
type Answer<C extends Command> = AgentCommands[C]["ack"];

export class ServerRefused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}

export interface AgentSocket {
  /** False as soon as there is no connection; views use `offline`. */
  readonly online: ReadonlySignal<boolean>;
  /** True after 2 seconds without a connection, so that a short gap does not flicker. */
  readonly offline: ReadonlySignal<boolean>;
  /**
   * Rejects with ServerRefused if the server refused, with ConnectionLost if it is unknown whether the command was
   * done.
   */
  request<C extends Command>(command: C, payload: Payload<C>): Promise<Answer<C>>;
  /**
   * Resolves with the ack even if it is a refusal. It has no timeout, for the outbox has its own. Rejects with
   * ConnectionLost.
   */
  requestAck<C extends Command>(command: C, payload: Payload<C>): Promise<Reply<Answer<C>>>;
  on<E extends keyof AgentEvents>(event: E, listener: (news: AgentEvents[E]) => void): void;
  /** After each connection, the first included. */
  onConnected(listener: () => void): void;
  /** The server refused the socket: signed out, or a wrong address. */
  onRefused(listener: () => void): void;
  close(): void;
}

const OFFLINE_AFTER_MS = 2000;

/**
 * Half of the delay is random, so that the consoles of a team do not reconnect at the same moment after an outage.
 */
const maxDelayMs = (): number => LONGEST_MS * (0.5 + Math.random() / 2);

/** True after `lasts` milliseconds without a connection. */
export function createOffline(
  online: ReadonlySignal<boolean>,
  lasts = OFFLINE_AFTER_MS,
): ReadonlySignal<boolean> {
  const offline = signal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  online.subscribe((up) => {
    clearTimeout(timer);
    if (up) offline.value = false;
    else
      timer = setTimeout(() => {
        offline.value = true;
      }, lasts);
  });
  return offline;
}

function createSocket() {
  const socket = io("/agent", {
    path: "/socket.io/",
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    withCredentials: true,
    autoConnect: false,
    reconnectionDelay: 500,
    reconnectionDelayMax: maxDelayMs(),
    randomizationFactor: 0.5,
  });
  // Socket.IO adds the jitter first and caps the delay afterwards: with a fixed cap all long delays would be equal.
  socket.io.on("reconnect_attempt", () => socket.io.reconnectionDelayMax(maxDelayMs()));
  // Once WebSocket has worked it is not blocked. Without this a failed attempt after a restart would switch to
  // polling, which costs more and lasts until the next disconnect.
  socket.on("connect", () => {
    if (socket.io.engine.transport.name === "websocket") socket.io.opts.transports = ["websocket"];
  });
  return socket;
}

type SocketIoClient = ReturnType<typeof createSocket>;

/**
 * `timeoutMs` without an ack rejects. Socket.IO's client would queue a command while disconnected; a click must not
 * run later.
 */
async function send<T>(
  socket: SocketIoClient,
  command: string,
  payload: unknown,
  timeoutMs?: number,
): Promise<T> {
  if (!socket.connected) throw new ConnectionLost();
  const emitter = timeoutMs === undefined ? socket : socket.timeout(timeoutMs);
  return emitter.emitWithAck(command, payload).catch(() => {
    throw new ConnectionLost();
  });
}

/** Reconnects at once when the browser is online or the page is shown, instead of waiting for the next attempt. */
function followPage(socket: SocketIoClient, closed: AbortSignal): void {
  const again = () => {
    if (!socket.connected && !document.hidden) socket.disconnect().connect();
  };
  const leave = () => socket.disconnect();
  // The first pageshow is not a return: the first connection is already being opened.
  const back = (event: PageTransitionEvent) => event.persisted && again();
  const until = { signal: closed };
  addEventListener("online", again, until);
  addEventListener("pageshow", back, until);
  document.addEventListener("visibilitychange", again, until);
  addEventListener("pagehide", leave, until);
}

/** Calls back if the server refuses or closes the socket. Socket.IO's client does not retry by itself then. */
function watchRefusals(socket: SocketIoClient, refusedListeners: () => void): void {
  const retryLater = () => {
    refusedListeners();
    setTimeout(() => socket.io.reconnection() && socket.connect(), maxDelayMs());
  };
  socket.on("connect_error", () => {
    if (!socket.active) retryLater();
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") retryLater();
  });
}

export function openSocket(): AgentSocket {
  const socket = createSocket();
  const online = signal(false);
  const refusedListeners: (() => void)[] = [];
  socket.on("connect", () => {
    online.value = true;
  });
  socket.on("disconnect", () => {
    online.value = false;
  });
  watchRefusals(socket, () => {
    for (const listener of refusedListeners) listener();
  });
  const closing = new AbortController();
  // Listeners run in the order in which they were added. A pagehide listener that is added right after this call must
  // run before ours, which disconnects.
  queueMicrotask(() => {
    if (closing.signal.aborted) return;
    followPage(socket, closing.signal);
    socket.connect();
  });

  return {
    online,
    offline: createOffline(online),
    requestAck: (command, payload) => send(socket, command, payload),
    async request<C extends Command>(command: C, payload: Payload<C>) {
      const answer = await send<Reply<Answer<C>>>(socket, command, payload, LIMITS.ack_timeout_ms);
      if (!answer.ok) throw new ServerRefused(answer.error);
      return answer;
    },
    on(event, listener) {
      socket.on(event as string, listener);
    },
    onConnected(listener) {
      socket.on("connect", listener);
    },
    onRefused(listener) {
      refusedListeners.push(listener);
    },
    close() {
      closing.abort();
      socket.io.reconnection(false);
      socket.disconnect();
    },
  };
}
