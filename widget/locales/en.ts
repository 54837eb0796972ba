/** The English texts of the widget. The type of this object is the type of every language. */
import type { EventName, Status } from "../../client/protocol/vocabulary";
import type { FormField } from "../frame/config";

/** The composer labels the text. The host page prefills the name, which the widget does not ask for. */
type Labels = Record<Exclude<FormField["name"], "text" | "name">, string>;

const one = (count: number, single: string, several: string) => `${count} ${count === 1 ? single : several}`;

const ordinal = (number: number) =>
  (Math.floor(number / 10) % 10 !== 1 && ["", "st", "nd", "rd"][number % 10]) || "th";

const statuses: Record<string, string> = {
  open: "Awaiting our reply",
  pending: "We are waiting for your answer",
  on_hold: "We are looking into it",
  solved: "Request solved",
  closed: "Request closed",
} satisfies Record<Exclude<Status, "live">, string>;

export const texts = {
  team: "Support",
  write: "Write to us",
  close: "Close",
  log: "Conversation",
  you: "You",

  // the status under the name
  online: "Online",
  replyIn: (minutes: number) => `Replies in about ${minutes} min`,
  assigning: "Connecting you",
  queued: "The team has your message",
  chatting: "Chatting with you",
  nobody: "Nobody is free right now",
  closed: (when: string) => `Closed · we open ${when}`,
  closedForNow: "Closed for now",
  received: "Request received",
  onHold: "We are looking into it",
  ended: "Conversation ended",

  // the first message
  hello: "Hello. What can we help you with?",
  message: "Your message",
  addDetail: "Add a detail",
  send: "Send",
  charactersLeft: (count: number) => one(count, "character left", "characters left"),
  charactersOver: (count: number) => one(count, "character too many", "characters too many"),

  // a message's state
  sending: "sending…",
  sent: "sent",
  read: "read",
  notSent: "Not sent.",
  retry: "Retry",
  rateLimited: (seconds: number) =>
    `Too many messages at once: sent by itself in ${one(seconds, "second", "seconds")}.`,
  typing: (name: string) => `${name} is typing…`,
  newMessages: (count: number) => one(count, "new message", "new messages"),

  // waiting
  queuePosition: (position: number) => ({
    before: "You’re ",
    number: `${position}`,
    ordinal: ordinal(position),
    after: " in line",
  }),
  searching: "Finding someone for you",
  wait: (minutes: number) =>
    `About ${one(minutes, "minute", "minutes")} to wait. Keep this page open: we’ll reply here.`,
  waitUnknown: "Keep this page open: we’ll reply here.",
  longWait: "The wait is longer than expected. Continue in writing, or keep this page open.",
  answerLater: "Continue in writing",
  keepWaiting: "Keep waiting",

  // the form
  at: "at",
  answeredBefore: "We’ll reply by",
  estimated: "We expect to answer on",
  answerLate: "Our reply is late, it was promised by",
  labels: { category: "Topic", email: "Your e-mail address" } satisfies Labels,
  noChoice: "Choose a topic (optional)",
  contactEmail: "Your e-mail address",
  addressOnly: "Your address is used for this request only. The answer will be on its page: keep its link.",
  submit: "Send",
  submitting: "Sending…",
  /** An error of a field by `field.code`, else by `code`, else by `field`. */
  errors: {
    "email.empty": "Enter your e-mail address.",
    email: "This address does not look complete, for example name@example.com.",
    "text.empty": "Write us a few words.",
    text: "There is a character here that we can’t store.",
    too_long: "This is too long.",
    category: "Please choose from the list.",
  } as Record<string, string>,
  checkField: "Please check this field.",
  tooMany: (seconds: number) =>
    `Too many requests. Please try again in ${one(seconds, "second", "seconds")}.`,
  noAnswer: "No connection. Your text is kept; please try again.",
  unavailable: "The chat is not available here.",

  // after the form
  number: (number: number) => `Request #${number}`,
  answerHere: "The answer will come here and on your request’s page.",
  copy: "Copy the link",
  copied: "Link copied",
  endedHint: "You can still reply: your message reopens the conversation.",
  newConversation: "New conversation",
  endChat: "End",

  // the connection
  connecting: "Connecting…",
  offline: "You’re offline. Messages will send when you reconnect.",

  // announced once
  nowForm: "The chat has closed. Your text is kept: send it with the form.",
  nowChat: "The team is back: you can chat.",
  formSent: (number: number) => `Request #${number} received.`,

  // launcher and title
  open: "Open the chat",
  openWith: (count: number) => `Open the chat, ${one(count, "unread message", "unread messages")}`,
  justNow: "just now",

  /** Events of a conversation by name. An event without a text here is not shown. */
  events: {
    joined: ({ agent }) => `${agent} has joined the conversation`,
    handed_over: ({ from, to }) => `${from} has handed the conversation over to ${to}`,
    agent_gone: ({ agent }) => `${agent} lost the connection. Someone else is taking over.`,
    agent_back: ({ agent }) => `${agent} is back`,
    became_ticket: () => "Your message has become a written request",
    reopened: () => "Conversation reopened",
    paused: () => "Conversation paused",
    ended: ({ by, agent }) =>
      by === "visitor" ? "You have ended the conversation" : `${agent} has ended the conversation`,
    status: ({ status }) => statuses[status ?? ""] ?? "",
    held: ({ due, reason }) =>
      `Your request needs more time. We expect to answer on ${due}; if that changes, we will tell you.${reason ? ` ${reason}` : ""}`,
    hold_moved: ({ due, promised, reason }) =>
      `The date has changed: ${due} instead of ${promised}.${reason ? ` ${reason}` : ""}`,
    promise_moved: ({ promised, due, notice }) =>
      `We promised you an answer before ${promised}, and we did not keep it. We are sorry. You will have an answer before ${due}.${notice === "2" ? " The person in charge of the team has been told." : ""}`,
  } satisfies Record<EventName, (args: Record<string, string>) => string>,
};

export type Texts = typeof texts;
