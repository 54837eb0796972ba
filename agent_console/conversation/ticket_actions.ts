/** What an agent does to a ticket: each asks the server, shows the result, and says so when it was not done. */
import type { HandOver, Status } from "../../client/protocol";
import type { Parts } from "../app/console";
import { words } from "../app/preferences";
import { Turned } from "../connection/socket";
import * as names from "../ui/labels";
import { createGoodbyes } from "./goodbyes";
import { createHands } from "./hands";

export function createActions(parts: Parts) {
  const { link, offers, threads } = parts;
  const hands = createHands(parts);
  const goodbyes = createGoodbyes(parts, hands);
  const { calledIn } = hands;
  // Handed over and not taken: the giver, who still has it, must know.
  const given = new Map<string, string>();

  link.hear("offer_ended", ({ ticket, reason }) => {
    const receiver = given.get(ticket);
    given.delete(ticket);
    if (receiver && reason !== "taken") hands.say(words.value.handOver.passed(receiver, calledIn(ticket)));
  });
  offers.onEnd(({ card }, reason) => {
    // Taken by me, in another tab.
    if (parts.inbox.cards.peek().get(card.ticket)?.agent?.id === parts.self.id) return;
    hands.say(words.value.offer.ended(names.calledIn(card, words.value), reason));
  });

  async function claim(id: string, over = false): Promise<void> {
    // Gone from here before it is ours: its end, "taken", would else be told as somebody else's luck.
    offers.drop(id);
    try {
      hands.learn((await link.ask("claim", { ticket: id, over })).ticket);
      hands.open(id);
      hands.write(id);
    } catch (error) {
      const full = error instanceof Turned && error.refusal.reason === "capacity";
      const anyway = { label: words.value.conflict.over, run: () => void claim(id, true) };
      hands.fail(error, full ? anyway : undefined);
    }
  }

  const end = (id: string): void => goodbyes.begin(id, "live", words.value.ending.done(calledIn(id)));

  function setStatus(id: string, status: Status): void {
    const live = threads.known(id)?.ticket.peek()?.status === "live";
    if (status === "solved" && live) end(id);
    else if (status === "solved" || status === "closed")
      goodbyes.begin(id, status, words.value.ending.status(calledIn(id), words.value.statuses[status]));
    else void hands.order(link.ask("set_status", { ticket: id, status }));
  }

  return {
    ...hands,
    goodbyes,
    claim,
    end,
    setStatus,
    decline: (id: string): Promise<void> => offers.decline(id).catch((error) => hands.fail(error)),
    takeOver: (id: string): Promise<void> => hands.order(link.ask("take_over", { ticket: id })),
    /** Null: it rings there now; else why not. The note comes by catching up: an ack carries the ticket only. */
    async handOver(id: string, to: HandOver["to"], name: string, note: string): Promise<unknown | null> {
      given.delete(id);
      // Whoever passes it on has thought again: it would else be ended under the hands of the next one.
      goodbyes.keep(id);
      try {
        hands.learn((await link.ask("hand_over", { ticket: id, to, ...(note.trim() && { note }) })).ticket);
        given.set(id, name);
        void threads.known(id)?.mend();
        return null;
      } catch (error) {
        return error;
      }
    },
    explain: (id: string) => link.ask("explain", { ticket: id }).then(({ decisions }) => decisions),
  };
}
