/** What an agent does to a ticket: each action sends a command, applies the ack and shows a toast if it failed. */
import { signal } from "@preact/signals";
import type { HandOver, Hold } from "../../client/protocol/agent";
import type { Ticket } from "../../client/protocol/shared";
import { FINISHED_STATUSES, type Status } from "../../client/protocol/vocabulary";
import type { Parts } from "../app/parts";
import { texts } from "../app/preferences";
import type { Toast } from "../app/toasts";
import { ServerRefused } from "../connection/socket";
import { errorText, isolate, nameInSentence, visitorName } from "../ui/labels";
import { createDelayedEnds } from "./delayed_end";

/** What all actions share: apply an ack, report an error, name a ticket, open it. */
function createTicketEffects({ inbox, search, teamViews, threads, toasts, router }: Parts) {
  /** The ticket whose composer takes the focus as soon as it is drawn. */
  const composerFocus = signal<string | null>(null);

  function applyAck(ticket: Ticket): void {
    threads.find(ticket.id)?.applyTicket(ticket);
    inbox.applyTicket(ticket, search.find(ticket.id) ?? teamViews.find(ticket.id));
  }

  function reportError(error: unknown, action?: Toast["action"]): void {
    toasts.show({ text: errorText(error, texts.value), tone: "bad", ...(action && { action }) });
  }

  function nameAndNumber(id: string): { name: string | null; number: number } {
    const card = inbox.cards.peek().get(id);
    const thread = threads.find(id);
    const number = card?.number ?? thread?.ticket.peek()?.number ?? 0;
    return { name: thread?.visitor.peek()?.name ?? card?.name ?? null, number };
  }

  return {
    composerFocus,
    applyAck,
    reportError,
    notify: (text: string): void => void toasts.show({ text, tone: "plain" }),
    nameOf: (id: string): string => visitorName(nameAndNumber(id), texts.value),
    nameInSentence: (id: string): string => nameInSentence(nameAndNumber(id), texts.value),
    open: (id: string): void => router.openTicket(id),
    /** Does nothing on touch screens: there the focus opens a keyboard that covers half of the thread. */
    focusComposer(id: string): void {
      if (!matchMedia("(pointer: coarse)").matches) composerFocus.value = id;
    },
    /** Applies the ack of a command, or reports the error. */
    async run(command: Promise<{ ticket: Ticket }>): Promise<void> {
      try {
        applyAck((await command).ticket);
      } catch (error) {
        reportError(error);
      }
    },
  };
}

type TicketEffects = ReturnType<typeof createTicketEffects>;

/** Informs the agent when an offer to them ends, or when nobody took the ticket that they handed over. */
function announceEndedOffers({ socket, offers, inbox, self }: Parts, effects: TicketEffects) {
  const handedOverTo = new Map<string, string>();
  socket.on("offer_ended", ({ ticket, reason }) => {
    const receiver = handedOverTo.get(ticket);
    handedOverTo.delete(ticket);
    if (receiver && reason !== "taken")
      effects.notify(texts.value.handOver.passed(isolate(receiver), effects.nameInSentence(ticket)));
  });
  offers.onEnd(({ card }, reason) => {
    // This agent took it in another tab.
    if (inbox.cards.peek().get(card.ticket)?.agent?.id === self.id) return;
    effects.notify(texts.value.offer.ended(nameInSentence(card, texts.value), reason));
  });
  return handedOverTo;
}

export function createTicketActions(parts: Parts) {
  const { socket, offers, threads } = parts;
  const effects = createTicketEffects(parts);
  const delayedEnds = createDelayedEnds(parts, effects);
  const handedOverTo = announceEndedOffers(parts, effects);

  /** `done` runs when the ticket is this agent's, also if they take it anyway after a refusal at capacity. */
  async function claim(id: string, over = false, done?: () => void): Promise<void> {
    // Drop the offer first: its "offer_ended: taken" would otherwise say that somebody else took the ticket.
    offers.drop(id);
    try {
      effects.applyAck((await socket.request("claim", { ticket: id, over })).ticket);
      effects.open(id);
      effects.focusComposer(id);
      done?.();
    } catch (error) {
      const full = error instanceof ServerRefused && error.refusal.reason === "capacity";
      effects.reportError(error, full ? claimAnyway(id, done) : undefined);
    }
  }

  /** The choice that a refusal at capacity offers. */
  const claimAnyway = (id: string, done?: () => void): Toast["action"] => ({
    label: texts.value.conflict.over,
    run: () => void claim(id, true, done),
  });

  const end = (id: string): void =>
    delayedEnds.schedule(id, "live", texts.value.ending.done(effects.nameInSentence(id)));

  function setStatus(id: string, status: Status): void {
    const live = threads.find(id)?.ticket.peek()?.status === "live";
    if (status === "solved" && live) end(id);
    else if (FINISHED_STATUSES.includes(status)) {
      const text = texts.value.ending.finished(effects.nameInSentence(id), status);
      delayedEnds.schedule(id, status, text);
    } else void effects.run(socket.request("set_status", { ticket: id, status }));
  }

  /** Resolves with null if the ticket now rings at the receiver, else with the error. */
  async function handOver(id: string, to: HandOver["to"], name: string, note: string) {
    handedOverTo.delete(id);
    // An end scheduled before would end the chat of the next agent.
    delayedEnds.cancel(id);
    const payload = { ticket: id, to, ...(note.trim() && { note }) };
    try {
      effects.applyAck((await socket.request("hand_over", payload)).ticket);
      handedOverTo.set(id, name);
      // The ack carries the ticket only; the note comes with the catch-up.
      void threads.find(id)?.catchUp();
      return null;
    } catch (error) {
      return error;
    }
  }

  /** Resolves with null if the ticket is on hold now, else with the error. */
  async function hold(command: Hold): Promise<unknown> {
    delayedEnds.cancel(command.ticket);
    try {
      effects.applyAck((await socket.request("hold", command)).ticket);
      // The ack carries the ticket only; a reason that is a note comes with the catch-up.
      void threads.find(command.ticket)?.catchUp();
      return null;
    } catch (error) {
      return error;
    }
  }

  return {
    ...effects,
    delayedEnds,
    hold,
    claim,
    claimAnyway,
    end,
    setStatus,
    handOver,
    decline: (id: string): Promise<void> => offers.decline(id).catch((error) => effects.reportError(error)),
    takeOver: (id: string): Promise<void> => effects.run(socket.request("take_over", { ticket: id })),
    explain: (id: string) => socket.request("explain", { ticket: id }).then(({ decisions }) => decisions),
  };
}

export type TicketActions = ReturnType<typeof createTicketActions>;
