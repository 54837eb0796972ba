/** What every action on a ticket needs: to learn its outcome, to say what failed, to call it by a name, to show it. */
import { signal } from "@preact/signals";
import type { Ticket } from "../../client/protocol";
import type { Parts } from "../app/console";
import { words } from "../app/preferences";
import type { Notice } from "../app/toasts";
import { calledIn, troubleWords, visitorName } from "../ui/labels";

export function createHands({ inbox, threads, notices, route }: Parts) {
  /** The ticket whose composer wants the focus, as soon as it is drawn. */
  const writing = signal<string | null>(null);

  function learn(ticket: Ticket): void {
    threads.known(ticket.id)?.learn(ticket);
    inbox.learn(ticket);
  }

  function fail(error: unknown, action?: Notice["action"]): void {
    notices.say({ text: troubleWords(error, words.value), tone: "bad", ...(action && { action }) });
  }

  function whose(id: string): { name: string | null; number: number } {
    const card = inbox.cards.peek().get(id);
    const thread = threads.known(id);
    const number = card?.number ?? thread?.ticket.peek()?.number ?? 0;
    return { name: thread?.visitor.peek()?.name ?? card?.name ?? null, number };
  }

  return {
    writing,
    learn,
    fail,
    say: (text: string): void => void notices.say({ text, tone: "plain" }),
    nameOf: (id: string): string => visitorName(whose(id), words.value),
    /** The name for a sentence. */
    calledIn: (id: string): string => calledIn(whose(id), words.value),
    open: (id: string): void => route.go({ ticket: id, pane: "thread" }),
    /** Where there is no keyboard but the one on the screen, the focus would cover half of the thread with it. */
    write(id: string): void {
      if (!matchMedia("(pointer: coarse)").matches) writing.value = id;
    },
    /** The ack is our copy of the change; a refusal is told. */
    async order(work: Promise<{ ticket: Ticket }>): Promise<void> {
      try {
        learn((await work).ticket);
      } catch (error) {
        fail(error);
      }
    },
  };
}

export type Hands = ReturnType<typeof createHands>;
