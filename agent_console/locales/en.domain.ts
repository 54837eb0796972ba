/** English names of statuses, categories, events, rules and refusals. */
import type { Status } from "../../client/protocol/vocabulary";
import type * as fr from "./fr.domain";

export const statuses: typeof fr.statuses = {
  live: "Live",
  open: "Needs reply",
  pending: "Waiting for the visitor",
  on_hold: "Under review",
  solved: "Solved",
  closed: "Closed",
};

export const categories: typeof fr.categories = {
  technical: "Technical problem",
  payments: "Payments",
  account: "Account",
  affiliation: "Affiliation",
  general: "General information",
  dispute: "Dispute",
  suggestion: "Suggestion",
};

export const channels: typeof fr.channels = {
  chat: "chat",
  form: "form",
  email: "e-mail",
  api: "application",
};

export const events: typeof fr.events = {
  joined: ({ agent = "" }) => `Assigned to ${agent}`,
  handed_over: ({ from = "", to = "" }) => `Handed over by ${from} to ${to}`,
  agent_gone: ({ agent = "" }) => `${agent} is no longer online: back in the queue`,
  agent_back: ({ agent = "" }) => `${agent} is back`,
  ended: ({ agent = "" }) => (agent ? `Ended by ${agent}` : "Ended by the visitor"),
  reopened: () => "Reopened by a new message",
  became_ticket: () => "Nobody could answer in time: it became a written request, with a promised date",
  paused: () => "Paused after an hour of silence",
  status: ({ status = "" }) => `Status: ${statuses[status as Status] ?? status}`,
  promise_moved: ({ promised = "", due = "" }) =>
    `The answer promised by ${promised} was late. New date announced: ${due}`,
  held: ({ due = "", reason = "" }) => `Under review, answer expected on ${due}${reason && `: ${reason}`}`,
  hold_moved: ({ due = "", promised = "", reason = "" }) =>
    `Answer expected on ${due} instead of ${promised}${reason && `: ${reason}`}`,
};

export const rules: typeof fr.rules = {
  knew_visitor: "knows this person already",
  only_one: "only one with room",
  fewest_chats: "fewest conversations",
  longest_idle: "free for longest",
  all_alike: "equal load",
  nobody: "nobody was free",
  handed_over: "handed over",
};

export const excluded: typeof fr.excluded = {
  away: "away",
  department: "other department",
  passed: "didn’t accept it",
  full: "no free place",
};

export const refusals: typeof fr.refusals = {
  bad_request: "The server did not understand the request.",
  not_found: "This conversation does not exist, or no longer.",
  not_allowed: "You are not allowed to do this.",
  form_instead: "This is not possible right now.",
  ticket_ended: "This conversation is closed.",
  conflict: "This is no longer possible: something has changed meanwhile.",
  empty: "There is nothing to send.",
  too_long: "The text is too long (4,000 characters at most).",
  too_many: "Too many requests at once.",
  unavailable: "The server is busy. Try again in a moment.",
  unanswered: "Can’t reach the server. Try again in a moment.",
};
