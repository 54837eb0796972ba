/** A queue position as text, for the card and for screen readers. */
import type { Ticket } from "../../client/protocol/shared";
import type { Texts } from "../locales/en";

/** The estimated wait. Without an estimate the text gives no number. */
export function waitText({ queue, form_offered }: Ticket, texts: Texts): string {
  if (form_offered) return texts.longWait;
  if (queue?.wait_s == null) return texts.waitUnknown;
  return texts.wait(Math.max(1, Math.ceil(queue.wait_s / 60)));
}

/** The whole card as one announcement. */
export function queueText(ticket: Ticket, texts: Texts): string {
  const position = ticket.queue && Object.values(texts.queuePosition(ticket.queue.position)).join("");
  return `${position ?? texts.searching}. ${waitText(ticket, texts)}`;
}
