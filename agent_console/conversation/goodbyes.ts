/** Ending a ticket as the agent sees it: said at once, undone by a click, done after 8 seconds, never by surprise. */
import { ConnectionLost } from "../../client/transport/websocket_transport";
import type { Parts } from "../app/console";
import { texts } from "../app/preferences";
import { createEndTimers, type End, UNDO_WINDOW_MS } from "./delayed_end";
import type { TicketEffects } from "./hands";

export function createDelayedEnds({ socket, inbox, threads, toasts, router }: Parts, effects: TicketEffects) {
  const toastsByTicket = new Map<string, () => void>();
  /** Ends that found no line: sent once it stands again, unless their visitor has written meanwhile. */
  const missedEnds = new Map<string, End>();
  const timers = createEndTimers((id, end) => void finish(id, end));

  function dismissToast(id: string): void {
    toastsByTicket.get(id)?.();
    toastsByTicket.delete(id);
  }

  async function finish(id: string, end: End): Promise<void> {
    dismissToast(id);
    const ticket = id;
    try {
      const done =
        end === "live"
          ? socket.request("end_chat", { ticket })
          : socket.request("set_status", { ticket, status: end });
      effects.applyAck((await done).ticket);
    } catch (error) {
      if (error instanceof ConnectionLost) missedEnds.set(id, end);
      effects.reportError(error);
    }
  }

  function cancel(id: string): boolean {
    dismissToast(id);
    return timers.undo(id);
  }

  /** After an end comes whoever waits on my side; with nobody left the thread stays in view. */
  function moveOn(from: string): void {
    const waits = (id: string, unread: number) => id !== from && unread > 0 && !timers.waiting.peek().has(id);
    const next = inbox.lists.peek().mine.find(({ ticket, unread }) => waits(ticket, unread));
    if (!next || router.place.peek().ticket !== from) return;
    effects.open(next.ticket);
    effects.focusComposer(next.ticket);
  }

  const notifyContinues = (id: string): void =>
    effects.notify(texts.value.ending.continues(effects.nameInSentence(id)));

  threads.onVisitorMessage((id) => {
    if (cancel(id)) notifyContinues(id);
  });

  return {
    pending: timers.waiting,
    cancel,
    flush: timers.flush,
    schedule(id: string, end: End, text: string): void {
      if (!timers.begin(id, end)) return;
      const undo = { label: texts.value.undo, run: () => cancel(id) && effects.open(id), undoes: true };
      toastsByTicket.set(id, toasts.show({ text, tone: "plain", action: undo }, UNDO_WINDOW_MS));
      moveOn(id);
    },
    sendMissed(): void {
      const ends = [...missedEnds];
      missedEnds.clear();
      for (const [id, end] of ends) {
        if (inbox.cards.peek().get(id)?.unread) notifyContinues(id);
        else void finish(id, end);
      }
    },
  };
}
