/** The threads of all open tickets: passes each event to its thread, and catches all up after a reconnect. */
import { signal } from "@preact/signals";
import { TypingIndicator } from "../../client/conversation/typing";
import type { AgentSocket } from "../connection/socket";
import { createThread, type Thread } from "./thread";

/** Threads that stay loaded for a fast switch; beyond this the least recently used is dropped. */
const MAX_OPEN_THREADS = 24;

export function createThreads(socket: AgentSocket) {
  const all = new Map<string, Thread>();
  const shown = signal<Thread | null>(null);
  const visitorMessageListeners: ((ticket: string) => void)[] = [];
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

  /** Returns the thread, makes and loads it if it is new, and marks it as recently used. */
  function get(id: string): Thread {
    const existing = all.get(id);
    const thread = existing ?? createThread(id, socket);
    all.delete(id);
    all.set(id, thread);
    if (!existing) void thread.load();
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
    find: (id: string): Thread | undefined => all.get(id),
    show(id: string | null): void {
      const thread = id ? get(id) : null;
      if (thread && (thread.phase.peek() === "failed" || thread.phase.peek() === "missing"))
        void thread.load();
      shown.value = thread;
    },
    /** Call after hello: catches up the thread on screen first, then the others. */
    async catchUpAll(): Promise<void> {
      const first = shown.peek();
      if (first) await first.catchUp();
      await Promise.all(
        [...all.values()].filter((thread) => thread !== first).map((thread) => thread.catchUp()),
      );
    },
    onVisitorMessage: (listener: (ticket: string) => void) => visitorMessageListeners.push(listener),
  };
}

export type Threads = ReturnType<typeof createThreads>;
