/** The threads of all open tickets: passes each event to its thread, and catches all up after a reconnect. */
import { signal } from "@preact/signals";
import { TypingIndicator } from "../../client/conversation/typing";
import type { Ticket } from "../../client/protocol/shared";
import type { AgentSocket } from "../connection/socket";
import { createThread, type Thread } from "./thread";

/** Threads that stay loaded for a fast switch; beyond this the least recently used is dropped. */
const MAX_OPEN_THREADS = 24;

export function createThreads(socket: AgentSocket) {
  const all = new Map<string, Thread>();
  const shown = signal<Thread | null>(null);
  const visitorMessageListeners: ((ticket: string) => void)[] = [];
  const openedListeners: ((ticket: Ticket) => void)[] = [];
  const typing = new TypingIndicator((ticket, name) => {
    const thread = all.get(ticket);
    if (thread) thread.typing.value = name;
  });

  function evictOldest(): void {
    for (const [id, thread] of all) {
      if (all.size <= MAX_OPEN_THREADS) return;
      if (thread !== shown.peek() && thread.timeline.peek().pending.length === 0) all.delete(id);
    }
  }

  /** Loads the thread, or catches it up if it is loaded. */
  async function refresh(thread: Thread): Promise<void> {
    await thread.catchUp();
    const ticket = thread.ticket.peek();
    if (ticket && thread.phase.peek() === "ready") for (const listener of openedListeners) listener(ticket);
  }

  /** Returns the thread, makes and loads it if it is new, and marks it as recently used. */
  function get(id: string): Thread {
    const existing = all.get(id);
    const thread = existing ?? createThread(id, socket);
    all.delete(id);
    all.set(id, thread);
    if (!existing) void refresh(thread);
    evictOldest();
    return thread;
  }

  socket.on("message", (message) => {
    if (message.author.kind === "visitor") {
      typing.clear(message.ticket);
      for (const listener of visitorMessageListeners) listener(message.ticket);
    }
    all.get(message.ticket)?.applyMessage(message);
  });
  socket.on("note", (note) => all.get(note.ticket)?.applyNote(note));
  socket.on("ticket", (ticket) => all.get(ticket.id)?.applyTicket(ticket));
  socket.on("read", ({ ticket, seq, by }) => all.get(ticket)?.applyRead(by, seq));
  socket.on("typing", ({ ticket, on, name }) => typing.receive(ticket, on, name));
  socket.on("visitor", ({ ticket, state, page }) => {
    const thread = all.get(ticket);
    if (thread) thread.visitorLocation.value = { state, page };
  });

  return {
    shown,
    get,
    refresh,
    find: (id: string): Thread | undefined => all.get(id),
    show(id: string | null): void {
      const thread = id ? get(id) : null;
      if (thread && (thread.phase.peek() === "failed" || thread.phase.peek() === "missing"))
        void refresh(thread);
      shown.value = thread;
    },
    /** Call after hello: catches up the thread on screen first, then the others. */
    async catchUpAll(): Promise<void> {
      const first = shown.peek();
      if (first) await refresh(first);
      await Promise.all([...all.values()].filter((thread) => thread !== first).map(refresh));
    },
    /** After a thread is loaded, and after each later hello once it has caught up. */
    onOpened: (listener: (ticket: Ticket) => void) => openedListeners.push(listener),
    onVisitorMessage: (listener: (ticket: string) => void) => visitorMessageListeners.push(listener),
  };
}

export type Threads = ReturnType<typeof createThreads>;
