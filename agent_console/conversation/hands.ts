/** What every action on a ticket needs: to learn its outcome, to say what failed, to call it by a name, to show it. */
import { signal } from "@preact/signals";
import type { Ticket } from "../../client/protocol";
import type { Parts } from "../app/console";
import { texts } from "../app/preferences";
import type { Toast } from "../app/toasts";
import { errorText, nameInSentence, visitorName } from "../ui/labels";

export function createTicketEffects({ inbox, threads, toasts, router }: Parts) {
  /** The ticket whose composer wants the focus, as soon as it is drawn. */
  const composerFocus = signal<string | null>(null);

  function applyAck(ticket: Ticket): void {
    threads.existing(ticket.id)?.applyTicket(ticket);
    inbox.applyTicket(ticket);
  }

  function reportError(error: unknown, action?: Toast["action"]): void {
    toasts.show({ text: errorText(error, texts.value), tone: "bad", ...(action && { action }) });
  }

  function nameAndNumber(id: string): { name: string | null; number: number } {
    const card = inbox.cards.peek().get(id);
    const thread = threads.existing(id);
    const number = card?.number ?? thread?.ticket.peek()?.number ?? 0;
    return { name: thread?.visitor.peek()?.name ?? card?.name ?? null, number };
  }

  return {
    composerFocus,
    applyAck,
    reportError,
    notify: (text: string): void => void toasts.show({ text, tone: "plain" }),
    nameOf: (id: string): string => visitorName(nameAndNumber(id), texts.value),
    /** The name for a sentence. */
    nameInSentence: (id: string): string => nameInSentence(nameAndNumber(id), texts.value),
    open: (id: string): void => router.go({ ticket: id, pane: "thread" }),
    /** Where there is no keyboard but the one on the screen, the focus would cover half of the thread with it. */
    focusComposer(id: string): void {
      if (!matchMedia("(pointer: coarse)").matches) composerFocus.value = id;
    },
    /** The ack is our copy of the change; a refusal is told. */
    async run(work: Promise<{ ticket: Ticket }>): Promise<void> {
      try {
        applyAck((await work).ticket);
      } catch (error) {
        reportError(error);
      }
    },
  };
}

export type TicketEffects = ReturnType<typeof createTicketEffects>;
