/** The line to the server: ask a command and get its answer, or a refusal; hear events; know when it is cut. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { io } from "socket.io-client";
import { type Ack, type AgentCommands, type AgentEvents, LIMITS, type Refusal } from "../../client/protocol";
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
  /** False from the first moment without a socket; views use `cut`. */
  readonly online: ReadonlySignal<boolean>;
  /** Without a socket for more than 2 seconds: a short gap should not flicker. */
  readonly offline: ReadonlySignal<boolean>;
  /** Rejects with `Turned` when the server refused, with LinkLost when nobody knows whether it was done. */
  request<C extends Command>(command: C, payload: Payload<C>): Promise<Answer<C>>;
  /** The bare ack, however long it takes; rejects with LinkLost. For the outbox, which has its own patience. */
  requestAck<C extends Command>(command: C, payload: Payload<C>): Promise<Ack<Answer<C>>>;
  on<E extends keyof AgentEvents>(event: E, listener: (news: AgentEvents[E]) => void): void;
  /** Each time the line stands again, the first time included. */
  onConnected(listener: () => void): void;
  /** The server does not want this socket: signed out, or a wrong address. */
  onRefused(listener: () => void): void;
  close(): void;
}

const OFFLINE_AFTER_MS = 2000;

/** Half of it by chance: after a long outage the consoles of a whole team should not come back in one moment. */
const maxDelayMs = (): number => LONGEST_MS * (0.5 + Math.random() / 2);

/** `true` only after `lasts` milliseconds of a closed line. */
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
  // It spreads a wait first and caps it afterwards: of a fixed cap all long waits would be equal.
  socket.io.on("reconnect_attempt", () => socket.io.reconnectionDelayMax(maxDelayMs()));
  // Where WebSocket has worked it is not blocked: whoever is sent away after a restart comes again by it, and not at
  // once by polling, which is dearer and would last until the next break.
  socket.on("connect", () => {
    if (socket.io.engine.transport.name === "websocket") socket.io.opts.transports = ["websocket"];
  });
  return socket;
}

type SocketIoClient = ReturnType<typeof createSocket>;

/** `patience` in milliseconds. The client of socket.io would keep a command for later; a click is meant for now. */
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

/** Comes back at once when the browser does, instead of sitting out the pause between two attempts. */
function followPage(socket: SocketIoClient, closed: AbortSignal): void {
  const again = () => {
    if (!socket.connected && !document.hidden) socket.disconnect().connect();
  };
  const leave = () => socket.disconnect();
  // The first showing is not a return: a connection is already on its way then.
  const back = (event: PageTransitionEvent) => event.persisted && again();
  const until = { signal: closed };
  addEventListener("online", again, until);
  addEventListener("pageshow", back, until);
  document.addEventListener("visibilitychange", again, until);
  addEventListener("pagehide", leave, until);
}

/** Calls back when the server closed the door itself; the client of socket.io does not come back by itself then. */
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
  // Listeners of one window are called in the order in which they came: whoever is built on this link right now and
  // has something left to say when the page goes says it before the line is closed.
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
      const answer = await send<Ack<Answer<C>>>(socket, command, payload, LIMITS.ack_timeout_ms);
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
