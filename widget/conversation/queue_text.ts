/** A place in the queue in words: what is seen on the card, and what is heard. */
import type { Ticket } from "../../client/protocol";
import type { Words } from "../locales/en";

/** The honest wait: nothing is guessed where nothing has been measured. */
export function waitInWords({ queue, form_offered }: Ticket, words: Words): string {
  if (form_offered) return words.longWait;
  if (queue?.wait_s == null) return words.waitUnknown;
  return words.wait(Math.max(1, Math.ceil(queue.wait_s / 60)));
}

/** The whole card as one announcement. */
export function queueInWords(ticket: Ticket, words: Words): string {
  const place = ticket.queue && Object.values(words.place(ticket.queue.position)).join("");
  return `${place ?? words.searching}. ${waitInWords(ticket, words)}`;
}
