/** What things are called on screen: people without a name, categories, refusals, the last line of a card. */

import type { Card, Decision, Happening, Message, Refusal } from "../../client/protocol";
import { LinkLost } from "../../client/transport/websocket_transport";
import { Turned } from "../connection/socket";
import type { Words } from "../locales/fr";

export function visitorName(who: { name: string | null; number: number }, words: Words): string {
  return who.name?.trim() || words.visitorNumber(who.number);
}

// Marks that turn the direction of whatever follows them.
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The same for a sentence of ours, where no element keeps such marks to themselves. */
export function calledIn(who: { name: string | null; number: number }, words: Words): string {
  return visitorName({ ...who, name: who.name?.replace(TURNS, "") ?? null }, words);
}

/** A category that an owner made is shown as the owner named it. */
export function categoryName(category: string | null, words: Words): string | null {
  return category === null ? null : (words.categories[category] ?? category);
}

/** The last line of a card, with who said it when it was not the visitor. */
export function previewOf(card: Card, me: string, words: Words): string {
  if (card.last_from !== "agent") return card.preview;
  if (!card.agent || card.agent.id === me) return words.list.youSaid(card.preview);
  return words.list.saidBy(card.agent.name, card.preview);
}

export function refusalWords(refusal: Refusal, words: Words): string {
  if (refusal.by) return words.conflict.taken(refusal.by.name);
  if (refusal.reason === "capacity") return words.conflict.capacity;
  const plain = words.refusals[refusal.code] ?? words.refusals.bad_request;
  return refusal.retry_after ? `${plain} ${words.wait(refusal.retry_after)}` : plain;
}

export function troubleWords(error: unknown, words: Words): string {
  if (error instanceof Turned) return refusalWords(error.refusal, words);
  if (error instanceof LinkLost) return words.refusals.unanswered;
  throw error;
}

/**
 * The rule behind an assignment. The event itself does not say it, for the visitor reads it too: it is the newest
 * decision before it that chose this agent. Null: taken by hand, or nobody knows.
 */
export function reasonOf(
  { at, event }: Message,
  decisions: readonly Decision[],
  words: Words,
): string | null {
  if (event?.name !== "joined") return null;
  const chose = ({ chosen, candidates }: Decision) =>
    candidates.some((one) => one.agent === chosen && one.name === event.args.agent);
  const decision = decisions.find((one) => Date.parse(one.at) <= Date.parse(at) && chose(one));
  return decision ? (words.rules[decision.rule] ?? null) : null;
}

/** An event of a later version is told in general words rather than not at all. */
export function eventWords(event: Happening, words: Words): string {
  return words.events[event.name]?.(event.args) ?? words.eventOther;
}
