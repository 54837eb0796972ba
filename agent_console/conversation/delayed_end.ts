/** Ending a ticket with an undo window: the command is sent 8 seconds after the click, unless it is cancelled. */
import { signal } from "@preact/signals";
import type { Ticket } from "../../client/protocol/shared";
import type { Status } from "../../client/protocol/vocabulary";
import { ConnectionLost } from "../../client/transport/transport";
import type { Parts } from "../app/parts";
import { texts } from "../app/preferences";

export const UNDO_WINDOW_MS = 8000;

/** "live" stands for the plain end of a chat: the server then picks the status. */
export type End = Status;

interface ScheduledEnd {
  end: End;
  timer: ReturnType<typeof setTimeout>;
}

/** What this file needs of the ticket actions. */
export interface EndEffects {
  applyAck(ticket: Ticket): void;
  reportError(error: unknown): void;
  notify(text: string): void;
  nameInSentence(id: string): string;
  open(id: string): void;
  focusComposer(id: string): void;
}

/**
 * The timers. The console delays the command because the server can't take an end back: it informs the visitor at
 * once and may ask for a rating of a chat that goes on. When the page is left, `flush` sends all pending ends. If the
 * browser crashes within the 8 seconds, the chat stays open and nothing is lost.
 */
function createEndTimers(send: (ticket: string, end: End) => void) {
  const scheduled = new Map<string, ScheduledEnd>();
  const pending = signal<ReadonlySet<string>>(new Set());

  function remove(ticket: string): End | undefined {
    const found = scheduled.get(ticket);
    clearTimeout(found?.timer);
    if (scheduled.delete(ticket)) pending.value = new Set(scheduled.keys());
    return found?.end;
  }

  function finish(ticket: string): void {
    const end = remove(ticket);
    if (end) send(ticket, end);
  }

  return {
    pending,
    /** Returns false if an end of this ticket is already scheduled. */
    schedule(ticket: string, end: End): boolean {
      if (scheduled.has(ticket)) return false;
      scheduled.set(ticket, { end, timer: setTimeout(() => finish(ticket), UNDO_WINDOW_MS) });
      pending.value = new Set(scheduled.keys());
      return true;
    },
    /** Returns false if there was nothing to cancel. */
    cancel: (ticket: string): boolean => remove(ticket) !== undefined,
    flush(): void {
      for (const ticket of [...scheduled.keys()]) finish(ticket);
    },
  };
}

export function createDelayedEnds({ socket, inbox, threads, toasts, router }: Parts, effects: EndEffects) {
  const toastsByTicket = new Map<string, () => void>();
  /** Ends that could not be sent without a connection. They are sent on reconnect unless the visitor wrote since. */
  const missedEnds = new Map<string, End>();
  const timers = createEndTimers((id, end) => void send(id, end));

  function dismissToast(id: string): void {
    toastsByTicket.get(id)?.();
    toastsByTicket.delete(id);
  }

  async function send(id: string, end: End): Promise<void> {
    dismissToast(id);
    const ticket = id;
    try {
      const ack =
        end === "live"
          ? socket.request("end_chat", { ticket })
          : socket.request("set_status", { ticket, status: end });
      effects.applyAck((await ack).ticket);
    } catch (error) {
      if (error instanceof ConnectionLost) missedEnds.set(id, end);
      effects.reportError(error);
    }
  }

  function cancel(id: string): boolean {
    dismissToast(id);
    return timers.cancel(id);
  }

  /** Opens the next of my chats with unread messages. If there is none, the ended thread stays in view. */
  function openNext(from: string): void {
    const isNext = (id: string, unread: number) =>
      id !== from && unread > 0 && !timers.pending.peek().has(id);
    const next = inbox.lists.peek().mine.find(({ ticket, unread }) => isNext(ticket, unread));
    if (!next || router.ticket.peek() !== from) return;
    effects.open(next.ticket);
    effects.focusComposer(next.ticket);
  }

  const notifyContinues = (id: string): void =>
    effects.notify(texts.value.ending.continues(effects.nameInSentence(id)));

  threads.onVisitorMessage((id) => {
    if (cancel(id)) notifyContinues(id);
  });

  return {
    pending: timers.pending,
    cancel,
    flush: timers.flush,
    schedule(id: string, end: End, text: string): void {
      if (!timers.schedule(id, end)) return;
      const undo = { label: texts.value.undo, run: () => cancel(id) && effects.open(id), undoes: true };
      toastsByTicket.set(id, toasts.show({ text, tone: "plain", action: undo }, UNDO_WINDOW_MS));
      openNext(id);
    },
    sendMissed(): void {
      const ends = [...missedEnds];
      missedEnds.clear();
      for (const [id, end] of ends) {
        if (inbox.cards.peek().get(id)?.unread) notifyContinues(id);
        else void send(id, end);
      }
    },
  };
}
