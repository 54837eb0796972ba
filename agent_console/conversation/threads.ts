/** All tickets open on this console: what happens is led to its thread, and after a cut each one catches up. */
import { signal } from "@preact/signals";
import { TheirTyping } from "../../client/conversation/typing";
import type { Link } from "../connection/socket";
import { createThread, type Thread } from "./thread";

/** Kept ready for a switch without waiting; the least recent beyond this are forgotten. */
const MOST = 24;

export function createThreads(link: Link) {
  const all = new Map<string, Thread>();
  const shown = signal<Thread | null>(null);
  const said: ((ticket: string) => void)[] = [];
  const typing = new TheirTyping((ticket, name) => {
    const thread = all.get(ticket);
    if (thread) thread.typing.value = name;
  });

  function forgetOldest(): void {
    for (const [id, thread] of all) {
      if (all.size <= MOST) return;
      if (thread !== shown.peek() && thread.line.peek().pending.length === 0) all.delete(id);
    }
  }

  /** The thread, made and loaded when it is new; asked again it moves to the front. */
  function of(id: string): Thread {
    const known = all.get(id);
    const thread = known ?? createThread(id, link);
    all.delete(id);
    all.set(id, thread);
    if (!known) void thread.load();
    forgetOldest();
    return thread;
  }

  link.hear("message", (message) => {
    if (message.author.kind === "visitor") {
      typing.cleared(message.ticket);
      for (const listener of said) listener(message.ticket);
    }
    all.get(message.ticket)?.hearMessage(message);
  });
  link.hear("note", (note) => all.get(note.ticket)?.hearNote(note));
  link.hear("ticket", (ticket) => all.get(ticket.id)?.learn(ticket));
  link.hear("read", ({ ticket, seq, by }) => all.get(ticket)?.hearRead(by, seq));
  link.hear("typing", ({ ticket, on, name }) => typing.heard(ticket, on, name));
  link.hear("visitor", ({ ticket, state, page }) => {
    const thread = all.get(ticket);
    if (thread) thread.whereabouts.value = { state, page };
  });

  return {
    shown,
    of,
    known: (id: string): Thread | undefined => all.get(id),
    show(id: string | null): void {
      const thread = id ? of(id) : null;
      if (thread && (thread.phase.peek() === "failed" || thread.phase.peek() === "missing"))
        void thread.load();
      shown.value = thread;
    },
    /** After hello: the shown one first, then the rest, each from its own cursor. */
    async mendAll(): Promise<void> {
      const first = shown.peek();
      if (first) await first.mend();
      await Promise.all(
        [...all.values()].filter((thread) => thread !== first).map((thread) => thread.mend()),
      );
    },
    onVisitorSays: (listener: (ticket: string) => void) => said.push(listener),
  };
}

export type Threads = ReturnType<typeof createThreads>;
