/** The English texts of the widget. The type of this object is the type of every language. */
import type { EventName, Status } from "../../client/protocol/vocabulary";
import type { FormField } from "../frame/config";

/** The composer labels the text. The host page prefills the name, which the widget does not ask for. */
type Labels = Record<Exclude<FormField["name"], "text" | "name">, string>;

const one = (count: number, single: string, several: string) => `${count} ${count === 1 ? single : several}`;

const statuses: Record<string, string> = {
  open: "Your request goes on",
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
  online: "The team is here",
  assigning: "Someone is on the way",
  queued: "The team has your message",
  chatting: "Is answering you",
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
    before: "You are number ",
    number: `${position}`,
    ordinal: "",
    after: "",
  }),
  searching: "We are calling the team",
  wait: (minutes: number) =>
    `About ${one(minutes, "minute", "minutes")} to wait. You can keep this page open.`,
  waitUnknown: "You can keep this page open.",
  longWait: "The wait is longer than we would like. Leave us an address, or keep waiting.",
  answerLater: "Get the answer later",
  keepWaiting: "Keep waiting",

  // the form
  at: "at",
  answeredBefore: "We answer by",
  labels: { category: "Topic", email: "Your e-mail address" } satisfies Labels,
  noChoice: "Choose one if you like",
  contactEmail: "Where can we answer you?",
  addressOnly: "Your address is only used to answer you.",
  submit: "Send",
  submitting: "Sending…",
  /** An error of a field by `field.code`, else by `code`, else by `field`. */
  errors: {
    "email.empty": "Without an address we can’t answer you.",
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
  number: (number: number) => `Request no. ${number}`,
  answerHere: "The answer will come here and on your request’s page.",
  copy: "Copy the link to your request",
  copied: "Link copied",
  endedHint: "You can still reply: your message reopens the conversation.",
  newConversation: "New conversation",
  endChat: "End",

  // the connection
  connecting: "Connecting…",
  offline: "Connection lost. Your messages leave as soon as it is back.",

  // announced once
  nowForm: "The chat has closed. Your text is kept: leave an address and we will answer.",
  nowChat: "The team is back: you can chat.",
  formSent: (number: number) => `Request no. ${number} received.`,

  // launcher and title
  open: "Open the chat",
  openWith: (count: number) => `Open the chat, ${one(count, "unread message", "unread messages")}`,
  justNow: "just now",

  /** Events of a conversation by name. An event without a text here is not shown. */
  events: {
    joined: ({ agent }) => `${agent} has joined the conversation`,
    handed_over: ({ from, to }) => `${from} has handed the conversation over to ${to}`,
    agent_gone: ({ agent }) => `${agent} has lost the connection`,
    agent_back: ({ agent }) => `${agent} is back`,
    became_ticket: () => "Your message has become a written request",
    reopened: () => "Conversation reopened",
    paused: () => "Conversation paused",
    ended: ({ by, agent }) =>
      by === "visitor" ? "You have ended the conversation" : `${agent} has ended the conversation`,
    status: ({ status }) => statuses[status ?? ""] ?? "",
  } satisfies Record<EventName, (args: Record<string, string>) => string>,
};

export type Texts = typeof texts;
