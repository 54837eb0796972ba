/** Labels: visitors without a name, categories, languages, refusals, previews, events. */

import type { Agent, Card, Decision } from "../../client/protocol/agent";
import type { Message, Refusal, TicketEvent } from "../../client/protocol/shared";
import { shownArgs } from "../../client/text/event_args";
import type { TimeLocale } from "../../client/text/time_format";
import { ConnectionLost } from "../../client/transport/transport";
import { ServerRefused } from "../connection/socket";
import type { Texts } from "../locales/fr";

export function visitorName(visitor: { name: string | null; number: number }, texts: Texts): string {
  return visitor.name?.trim() || texts.visitorNumber(visitor.number);
}

// Characters that change the direction of the text after them.
const DIRECTION_MARKS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

// The letters that are written from right to left.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

const withoutMarks = (name: string): string => name.replace(DIRECTION_MARKS, "");

/**
 * A name for use in a sentence: without characters that would change the direction of the rest, and isolated if it is
 * written from right to left, for a number beside it would change places.
 */
export function isolate(name: string): string {
  const plain = withoutMarks(name);
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** The visitor's name for use in a sentence. */
export function nameInSentence(visitor: { name: string | null; number: number }, texts: Texts): string {
  return isolate(visitorName({ ...visitor, name: withoutMarks(visitor.name ?? "") }, texts));
}

/** A category that the owner made has the owner's name. */
export function categoryName(category: string | null, texts: Texts): string | null {
  return category === null ? null : (texts.categories[category] ?? category);
}

/** The name of a language in language `reader`; the tag itself if it is none. */
export function languageName(tag: string, reader: string): string {
  try {
    return new Intl.DisplayNames(reader, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The preview of a card, with its author if that is not the visitor: after a hand-over another than the owner. */
export function previewText(card: Card, me: string, team: ReadonlyMap<string, Agent>, texts: Texts): string {
  const { last_by: by, preview } = card;
  if (by === null) return preview;
  if (by === me) return texts.list.byYou(preview);
  const author = team.get(by) ?? (card.agent?.id === by ? card.agent : null);
  return texts.list.byAgent(author ? isolate(author.name) : texts.list.formerAgent, preview);
}

export function refusalText(refusal: Refusal, texts: Texts): string {
  if (refusal.by) return texts.conflict.taken(isolate(refusal.by.name));
  if (refusal.reason === "capacity") return texts.conflict.capacity;
  const plain = texts.refusals[refusal.code] ?? texts.refusals.bad_request;
  return refusal.retry_after ? `${plain} ${texts.wait(refusal.retry_after)}` : plain;
}

export function errorText(error: unknown, texts: Texts): string {
  if (error instanceof ServerRefused) return refusalText(error.refusal, texts);
  if (error instanceof ConnectionLost) return texts.refusals.unanswered;
  throw error;
}

/**
 * The rule behind an assignment, from the newest decision before it that chose this agent. The event does not carry
 * the rule, for the visitor receives it too. Null if the ticket was taken by hand or no decision is known.
 */
export function assignmentReason(
  { at, event }: Message,
  decisions: readonly Decision[],
  texts: Texts,
): string | null {
  if (event?.name !== "joined") return null;
  const chose = ({ chosen, candidates }: Decision) =>
    candidates.some((one) => one.agent === chosen && one.name === event.args.agent);
  const decision = decisions.find((one) => Date.parse(one.at) <= Date.parse(at) && chose(one));
  return decision ? (texts.rules[decision.rule] ?? null) : null;
}

/** The text of an event; a general text for one of a later version. */
export function eventText(event: TicketEvent | undefined, texts: Texts, timeLocale: TimeLocale): string {
  if (!event) return texts.eventOther;
  const shown = shownArgs(event.args, timeLocale);
  const args = Object.entries(shown).map(([name, value]) => [name, isolate(value)]);
  return texts.events[event.name]?.(Object.fromEntries(args)) ?? texts.eventOther;
}
