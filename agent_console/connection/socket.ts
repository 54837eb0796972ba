/** The line to the server: ask a command and get its answer, or a refusal; hear events; know when it is cut. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { io } from "socket.io-client";
import { type Ack, type AgentCommands, type AgentEvents, LIMITS, type Refusal } from "../../client/protocol";
import { LONGEST_MS } from "../../client/transport/connection";
import { LinkLost } from "../../client/transport/websocket_transport";

type Command = keyof AgentCommands;
type Payload<C extends Command> = AgentCommands[C]["payload"];
type Answer<C extends Command> = AgentCommands[C]["ack"];

export class Turned extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}

export interface Link {
  /** False from the first moment without a socket; views use `cut`. */
  readonly online: ReadonlySignal<boolean>;
  /** Without a socket for more than 2 seconds: a short gap should not flicker. */
  readonly cut: ReadonlySignal<boolean>;
  /** Rejects with `Turned` when the server refused, with LinkLost when nobody knows whether it was done. */
  ask<C extends Command>(command: C, payload: Payload<C>): Promise<Answer<C>>;
  /** The bare ack, however long it takes; rejects with LinkLost. For the outbox, which has its own patience. */
  post<C extends Command>(command: C, payload: Payload<C>): Promise<Ack<Answer<C>>>;
  hear<E extends keyof AgentEvents>(event: E, listener: (news: AgentEvents[E]) => void): void;
  /** Each time the line stands again, the first time included. */
  onUp(listener: () => void): void;
  /** The server does not want this socket: signed out, or a wrong address. */
  onTurnedAway(listener: () => void): void;
  close(): void;
}

const CUT_AFTER_MS = 2000;

/** Half of it by chance: after a long outage the consoles of a whole team should not come back in one moment. */
const longest = (): number => LONGEST_MS * (0.5 + Math.random() / 2);

/** `true` only after `lasts` milliseconds of a closed line. */
export function createCut(online: ReadonlySignal<boolean>, lasts = CUT_AFTER_MS): ReadonlySignal<boolean> {
  const cut = signal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  online.subscribe((up) => {
    clearTimeout(timer);
    if (up) cut.value = false;
    else
      timer = setTimeout(() => {
        cut.value = true;
      }, lasts);
  });
  return cut;
}

function openSocket() {
  const socket = io("/agent", {
    path: "/socket.io/",
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    withCredentials: true,
    autoConnect: false,
    reconnectionDelay: 500,
    reconnectionDelayMax: longest(),
    randomizationFactor: 0.5,
  });
  // It spreads a wait first and caps it afterwards: of a fixed cap all long waits would be equal.
  socket.io.on("reconnect_attempt", () => socket.io.reconnectionDelayMax(longest()));
  // Where WebSocket has worked it is not blocked: whoever is sent away after a restart comes again by it, and not at
  // once by polling, which is dearer and would last until the next break.
  socket.on("connect", () => {
    if (socket.io.engine.transport.name === "websocket") socket.io.opts.transports = ["websocket"];
  });
  return socket;
}

type Socket = ReturnType<typeof openSocket>;

/** `patience` in milliseconds. The client of socket.io would keep a command for later; a click is meant for now. */
async function send<T>(socket: Socket, command: string, payload: unknown, patience?: number): Promise<T> {
  if (!socket.connected) throw new LinkLost();
  const line = patience === undefined ? socket : socket.timeout(patience);
  return line.emitWithAck(command, payload).catch(() => {
    throw new LinkLost();
  });
}

/** Comes back at once when the browser does, instead of sitting out the pause between two attempts. */
function followPage(socket: Socket, closed: AbortSignal): void {
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
function watchDoor(socket: Socket, turnedAway: () => void): void {
  const knockLater = () => {
    turnedAway();
    setTimeout(() => socket.io.reconnection() && socket.connect(), longest());
  };
  socket.on("connect_error", () => {
    if (!socket.active) knockLater();
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") knockLater();
  });
}

export function openLink(): Link {
  const socket = openSocket();
  const online = signal(false);
  const turnedAway: (() => void)[] = [];
  socket.on("connect", () => {
    online.value = true;
  });
  socket.on("disconnect", () => {
    online.value = false;
  });
  watchDoor(socket, () => {
    for (const listener of turnedAway) listener();
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
    cut: createCut(online),
    post: (command, payload) => send(socket, command, payload),
    async ask<C extends Command>(command: C, payload: Payload<C>) {
      const answer = await send<Ack<Answer<C>>>(socket, command, payload, LIMITS.ack_timeout_ms);
      if (!answer.ok) throw new Turned(answer.error);
      return answer;
    },
    hear(event, listener) {
      socket.on(event as string, listener);
    },
    onUp(listener) {
      socket.on("connect", listener);
    },
    onTurnedAway(listener) {
      turnedAway.push(listener);
    },
    close() {
      closing.abort();
      socket.io.reconnection(false);
      socket.disconnect();
    },
  };
}
