/** The thread of one open ticket: its timeline, its visitor and the catch-up. */
import { batch, signal } from "@preact/signals";
import {
  type AgentTimeline,
  applyAgentCatchUp,
  applyNote,
  emptyAgentTimeline,
  hasAgentGap,
  lacksNotes,
  resetAgent,
} from "../../client/conversation/agent_timeline";
import { applyMessage } from "../../client/conversation/timeline";
import type { Decision, Note, OpenTicketAck, Page, Visitor } from "../../client/protocol/agent";
import type { Message, Person, Ticket } from "../../client/protocol/shared";
import { type AgentSocket, ServerRefused } from "../connection/socket";
import { createOlderEntries } from "./older_entries";

export type Phase = "loading" | "ready" | "missing" | "failed";

/** Where the visitor is; null until an event says so. */
export interface VisitorLocation {
  state: "here" | "hidden" | "gone";
  page: Page | null;
}

/** The first seq that our side has not read; 0 if no message of the visitor is unread. */
function firstUnread({ ticket, messages }: Pick<OpenTicketAck, "ticket" | "messages">): number {
  const read = ticket.read.agent;
  return messages.some((one) => one.seq > read && one.author.kind === "visitor") ? read + 1 : 0;
}

export function createThread(id: string, socket: AgentSocket) {
  const phase = signal<Phase>("loading");
  const ticket = signal<Ticket | null>(null);
  const timeline = signal<AgentTimeline>(emptyAgentTimeline(id));
  const visitor = signal<Visitor | null>(null);
  const visitorLocation = signal<VisitorLocation | null>(null);
  const typing = signal<string | null>(null);
  const older = createOlderEntries(id, socket, timeline);
  /** The first message that our side had not read when the ticket was opened; the unread divider stands above it. */
  const unreadFrom = signal(0);
  let catchUpRunning: Promise<void> | null = null;

  /** Ignores a ticket with an older `rev`. */
  function applyTicket(news: Ticket): void {
    if ((ticket.peek()?.rev ?? 0) <= news.rev) ticket.value = news;
  }

  async function load(): Promise<void> {
    if (phase.peek() !== "ready") phase.value = "loading";
    try {
      const found = await socket.request("open_ticket", { ticket: id });
      batch(() => {
        applyTicket(found.ticket);
        timeline.value = resetAgent(timeline.peek(), id, found);
        visitor.value = found.visitor;
        if (phase.peek() !== "ready") unreadFrom.value = firstUnread(found);
        phase.value = "ready";
      });
      if (lacksNotes(timeline.peek())) void older.load();
    } catch (error) {
      // Without a connection it stays "loading": the next hello loads it, and a banner says why it takes so long.
      if (phase.peek() === "ready" || !socket.online.peek()) return;
      phase.value =
        error instanceof ServerRefused && error.refusal.code === "not_found" ? "missing" : "failed";
    }
  }

  async function fetchMissing(): Promise<void> {
    let more = true;
    while (more) {
      const { last, notesLast } = timeline.peek();
      const news = await socket.request("catch_up", { ticket: id, after: last, notes_after: notesLast });
      batch(() => {
        applyTicket(news.ticket);
        timeline.value = applyAgentCatchUp(timeline.peek(), news);
      });
      const grown = timeline.peek().last > last || timeline.peek().notesLast > notesLast;
      // Without this check an ack that brings nothing new would repeat the request for ever.
      more = hasAgentGap(timeline.peek()) && (grown || news.restart === true);
    }
  }

  /**
   * Loads the thread if it is not loaded; otherwise fills all gaps, and a second call returns the running catch-up.
   * Without a connection the next hello calls it again.
   */
  function catchUp(): Promise<void> {
    if (phase.peek() !== "ready") return load();
    catchUpRunning ??= fetchMissing()
      .catch(() => undefined)
      .finally(() => {
        catchUpRunning = null;
      });
    return catchUpRunning;
  }

  /** `change` is one of the timeline's pure functions. */
  function update(change: (timeline: AgentTimeline) => AgentTimeline): void {
    timeline.value = change(timeline.peek());
    if (phase.peek() === "ready" && hasAgentGap(timeline.peek())) void catchUp();
  }

  const decisions = signal<readonly Decision[]>([]);
  let lastExplainedSeq = 0;

  /** Loads why the ticket rang where it did, once for each assignment that comes into view. */
  function loadDecisions(seq: number): void {
    if (seq <= lastExplainedSeq) return;
    lastExplainedSeq = seq;
    socket.request("explain", { ticket: id }).then(
      (answer) => {
        decisions.value = answer.decisions;
      },
      () => {
        lastExplainedSeq = 0;
      },
    );
  }

  return {
    id,
    decisions,
    loadDecisions,
    phase,
    ticket,
    timeline,
    visitor,
    visitorLocation,
    typing,
    unreadFrom,
    older,
    catchUp,
    applyTicket,
    update,
    applyMessage: (message: Message) => update((now) => applyMessage(now, message)),
    applyNote: (note: Note) => update((now) => applyNote(now, note)),
    applyRead(by: "visitor" | "agent", seq: number): void {
      const current = ticket.peek();
      if (!current || current.read[by] >= seq) return;
      ticket.value = { ...current, read: { ...current.read, [by]: seq } };
    },
    /** The owner if it is another agent, else null. */
    otherOwner(me: string): Person | null {
      const owner = ticket.value?.agent ?? null;
      return owner && owner.id !== me ? owner : null;
    },
  };
}

export type Thread = ReturnType<typeof createThread>;
