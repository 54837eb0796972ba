/** One open ticket: its lines and notes in order, the person behind it, and the cursor that loses nothing. */
import { batch, signal } from "@preact/signals";
import {
  behind,
  caughtUp,
  empty,
  noteAdded,
  opened,
  posted,
  type Timeline,
} from "../../client/conversation/timeline";
import type { Decision, Message, Note, Opened, Page, Person, Ticket, Visitor } from "../../client/protocol";
import { type Link, Turned } from "../connection/socket";

export type Phase = "loading" | "ready" | "missing" | "failed";

/** Where the visitor is; null until somebody tells. */
export interface Whereabouts {
  state: "here" | "hidden" | "gone";
  page: Page | null;
}

/** 0: nothing of theirs is unread. */
function firstUnread({ ticket, messages }: Pick<Opened, "ticket" | "messages">): number {
  const read = ticket.read.agent;
  return messages.some((one) => one.seq > read && one.author.kind === "visitor") ? read + 1 : 0;
}

export function createThread(id: string, link: Link) {
  const phase = signal<Phase>("loading");
  const ticket = signal<Ticket | null>(null);
  const line = signal<Timeline>(empty("agent", id));
  const visitor = signal<Visitor | null>(null);
  const whereabouts = signal<Whereabouts | null>(null);
  const typing = signal<string | null>(null);
  /** The first line that nobody on our side had read when the ticket was opened: the divider stands above it. */
  const unreadFrom = signal(0);
  let mending: Promise<void> | null = null;

  /** Older news than what is here (by `rev`) changes nothing. */
  function learn(news: Ticket): void {
    if ((ticket.peek()?.rev ?? 0) <= news.rev) ticket.value = news;
  }

  async function load(): Promise<void> {
    if (phase.peek() !== "ready") phase.value = "loading";
    try {
      const found = await link.ask("open_ticket", { ticket: id });
      batch(() => {
        learn(found.ticket);
        line.value = opened(line.peek(), id, found);
        visitor.value = found.visitor;
        if (phase.peek() !== "ready") unreadFrom.value = firstUnread(found);
        phase.value = "ready";
      });
    } catch (error) {
      // Without a line it still loads: the next hello asks again, and the banner says why it takes so long.
      if (phase.peek() === "ready" || !link.online.peek()) return;
      phase.value = error instanceof Turned && error.refusal.code === "not_found" ? "missing" : "failed";
    }
  }

  async function catchUp(): Promise<void> {
    let more = true;
    while (more) {
      const { last, notesLast } = line.peek();
      const news = await link.ask("catch_up", { ticket: id, after: last, notes_after: notesLast });
      batch(() => {
        learn(news.ticket);
        line.value = caughtUp(line.peek(), news);
      });
      const grown = line.peek().last > last || line.peek().notesLast > notesLast;
      // An answer that brings nothing new would be asked for for ever.
      more = behind(line.peek()) && (grown || news.restart === true);
    }
  }

  /** Fills every gap there is; asked for while it runs, it is the same run. Without a line the next hello mends. */
  function mend(): Promise<void> {
    if (phase.peek() !== "ready") return load();
    mending ??= catchUp()
      .catch(() => undefined)
      .finally(() => {
        mending = null;
      });
    return mending;
  }

  /** `change` is one of the timeline's pure steps. */
  function turn(change: (line: Timeline) => Timeline): void {
    line.value = change(line.peek());
    if (phase.peek() === "ready" && behind(line.peek())) void mend();
  }

  const decisions = signal<readonly Decision[]>([]);
  let explained = 0;

  /** Why it rang where it did; asked once for each assignment that comes into view. */
  function explain(seq: number): void {
    if (seq <= explained) return;
    explained = seq;
    link.ask("explain", { ticket: id }).then(
      (answer) => {
        decisions.value = answer.decisions;
      },
      () => {
        explained = 0;
      },
    );
  }

  return {
    id,
    decisions,
    explain,
    phase,
    ticket,
    line,
    visitor,
    whereabouts,
    typing,
    unreadFrom,
    load,
    mend,
    learn,
    turn,
    hearMessage: (message: Message) => turn((now) => posted(now, message)),
    hearNote: (note: Note) => turn((now) => noteAdded(now, note)),
    hearRead(by: "visitor" | "agent", seq: number): void {
      const known = ticket.peek();
      if (!known || known.read[by] >= seq) return;
      ticket.value = { ...known, read: { ...known.read, [by]: seq } };
    },
    /** An agent owns it, and it is somebody else. */
    otherOwner(me: string): Person | null {
      const owner = ticket.value?.agent ?? null;
      return owner && owner.id !== me ? owner : null;
    },
  };
}

export type Thread = ReturnType<typeof createThread>;
