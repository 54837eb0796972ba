/** Ending a ticket as the agent sees it: said at once, undone by a click, done after 8 seconds, never by surprise. */
import { LinkLost } from "../../client/transport/websocket_transport";
import type { Parts } from "../app/console";
import { words } from "../app/preferences";
import { createEndings, type End, SECOND_THOUGHTS_MS } from "./delayed_end";
import type { Hands } from "./hands";

export function createGoodbyes({ link, inbox, threads, notices, route }: Parts, hands: Hands) {
  const spoken = new Map<string, () => void>();
  /** Ends that found no line: sent once it stands again, unless their visitor has written meanwhile. */
  const owed = new Map<string, End>();
  const endings = createEndings((id, end) => void finish(id, end));

  function hush(id: string): void {
    spoken.get(id)?.();
    spoken.delete(id);
  }

  async function finish(id: string, end: End): Promise<void> {
    hush(id);
    const ticket = id;
    try {
      const done =
        end === "live" ? link.ask("end_chat", { ticket }) : link.ask("set_status", { ticket, status: end });
      hands.learn((await done).ticket);
    } catch (error) {
      if (error instanceof LinkLost) owed.set(id, end);
      hands.fail(error);
    }
  }

  function keep(id: string): boolean {
    hush(id);
    return endings.undo(id);
  }

  /** After an end comes whoever waits on my side; with nobody left the thread stays in view. */
  function moveOn(from: string): void {
    const waits = (id: string, unread: number) =>
      id !== from && unread > 0 && !endings.waiting.peek().has(id);
    const next = inbox.lists.peek().mine.find(({ ticket, unread }) => waits(ticket, unread));
    if (!next || route.place.peek().ticket !== from) return;
    hands.open(next.ticket);
    hands.write(next.ticket);
  }

  const goesOn = (id: string): void => hands.say(words.value.ending.kept(hands.calledIn(id)));

  threads.onVisitorSays((id) => {
    if (keep(id)) goesOn(id);
  });

  return {
    waiting: endings.waiting,
    keep,
    flush: endings.flush,
    begin(id: string, end: End, text: string): void {
      if (!endings.begin(id, end)) return;
      const undo = { label: words.value.undo, run: () => keep(id) && hands.open(id), undoes: true };
      spoken.set(id, notices.say({ text, tone: "plain", action: undo }, SECOND_THOUGHTS_MS));
      moveOn(id);
    },
    settleOwed(): void {
      const ends = [...owed];
      owed.clear();
      for (const [id, end] of ends) {
        if (inbox.cards.peek().get(id)?.unread) goesOn(id);
        else void finish(id, end);
      }
    },
  };
}
