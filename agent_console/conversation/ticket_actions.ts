/** What an agent does to a ticket: each asks the server, shows the result, and says so when it was not done. */
import type { HandOver, Status } from "../../client/protocol";
import type { Parts } from "../app/console";
import { texts } from "../app/preferences";
import { ServerRefused } from "../connection/socket";
import * as names from "../ui/labels";
import { createDelayedEnds } from "./goodbyes";
import { createTicketEffects } from "./hands";

export function createTicketActions(parts: Parts) {
  const { socket, offers, threads } = parts;
  const effects = createTicketEffects(parts);
  const delayedEnds = createDelayedEnds(parts, effects);
  const { nameInSentence } = effects;
  // Handed over and not taken: the giver, who still has it, must know.
  const handedOverTo = new Map<string, string>();

  socket.on("offer_ended", ({ ticket, reason }) => {
    const receiver = handedOverTo.get(ticket);
    handedOverTo.delete(ticket);
    if (receiver && reason !== "taken")
      effects.notify(texts.value.handOver.passed(receiver, nameInSentence(ticket)));
  });
  offers.onEnd(({ card }, reason) => {
    // Taken by me, in another tab.
    if (parts.inbox.cards.peek().get(card.ticket)?.agent?.id === parts.self.id) return;
    effects.notify(texts.value.offer.ended(names.nameInSentence(card, texts.value), reason));
  });

  async function claim(id: string, over = false): Promise<void> {
    // Gone from here before it is ours: its end, "taken", would else be told as somebody else's luck.
    offers.drop(id);
    try {
      effects.applyAck((await socket.request("claim", { ticket: id, over })).ticket);
      effects.open(id);
      effects.focusComposer(id);
    } catch (error) {
      const full = error instanceof ServerRefused && error.refusal.reason === "capacity";
      const anyway = { label: texts.value.conflict.over, run: () => void claim(id, true) };
      effects.reportError(error, full ? anyway : undefined);
    }
  }

  const end = (id: string): void =>
    delayedEnds.schedule(id, "live", texts.value.ending.done(nameInSentence(id)));

  function setStatus(id: string, status: Status): void {
    const live = threads.existing(id)?.ticket.peek()?.status === "live";
    if (status === "solved" && live) end(id);
    else if (status === "solved" || status === "closed")
      delayedEnds.schedule(
        id,
        status,
        texts.value.ending.status(nameInSentence(id), texts.value.statuses[status]),
      );
    else void effects.run(socket.request("set_status", { ticket: id, status }));
  }

  return {
    ...effects,
    delayedEnds,
    claim,
    end,
    setStatus,
    decline: (id: string): Promise<void> => offers.decline(id).catch((error) => effects.reportError(error)),
    takeOver: (id: string): Promise<void> => effects.run(socket.request("take_over", { ticket: id })),
    /** Null: it rings there now; else why not. The note comes by catching up: an ack carries the ticket only. */
    async handOver(id: string, to: HandOver["to"], name: string, note: string): Promise<unknown | null> {
      handedOverTo.delete(id);
      // Whoever passes it on has thought again: it would else be ended under the hands of the next one.
      delayedEnds.cancel(id);
      try {
        effects.applyAck(
          (await socket.request("hand_over", { ticket: id, to, ...(note.trim() && { note }) })).ticket,
        );
        handedOverTo.set(id, name);
        void threads.existing(id)?.catchUp();
        return null;
      } catch (error) {
        return error;
      }
    },
    explain: (id: string) => socket.request("explain", { ticket: id }).then(({ decisions }) => decisions),
  };
}
