/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */

export type Status = "live" | "open" | "pending" | "on_hold" | "solved" | "closed";

export type Channel = "chat" | "form" | "email" | "api";

export type Kind = "question" | "dispute" | "suggestion";

export type FormControl = "textarea" | "select" | "text" | "email";

export type Side = "visitor" | "agent";

export type AuthorKind = "visitor" | "agent" | "system";

export type VisitorPresence = "here" | "hidden" | "gone";

export type MailKind = "person" | "auto" | "bounce" | "list";

export type SenderTrust = "customer" | "known" | "stranger" | "claims_agent";

export type EventName =
  | "joined"
  | "handed_over"
  | "agent_gone"
  | "agent_back"
  | "became_ticket"
  | "reopened"
  | "paused"
  | "ended"
  | "status"
  | "promise_moved"
  | "held"
  | "hold_moved";

export type Role = "admin" | "supervisor" | "agent";

export type AgentState = "available" | "away";

export type AgentPresence = "available" | "away" | "offline";

export type InboxView = "mine" | "waiting" | "open" | "team" | "ended" | "all";

export type OfferOutcome = "taken" | "declined" | "missed" | "withdrawn";

export type OfferEnd = "taken" | "expired" | "withdrawn";

export type RoutingRule =
  | "knew_visitor"
  | "only_one"
  | "fewest_chats"
  | "longest_idle"
  | "all_alike"
  | "nobody"
  | "handed_over";

export type ExclusionReason = "away" | "department" | "passed" | "full";

export type ServiceState = "open" | "limited" | "closed";

export type Mode = "chat" | "form";

export type PromiseUnit = "working_days" | "opening_hours";

export type PromiseAlert = "soon" | "close" | "broken";

export type PromiseOutcome = "kept" | "broken" | "replaced" | "dropped";

export type Locale = "fr" | "en";

export type ErrorCode =
  | "bad_request"
  | "not_found"
  | "not_allowed"
  | "form_instead"
  | "ticket_ended"
  | "conflict"
  | "empty"
  | "too_long"
  | "too_many"
  | "unavailable";

export const FINISHED_STATUSES: readonly Status[] = ["solved", "closed"];

export const UNFINISHED_STATUSES: readonly Status[] = ["live", "open", "pending", "on_hold"];

export const ANSWER_OWED_STATUSES: readonly Status[] = ["open", "on_hold"];

export const PAUSED_STATUSES: readonly Status[] = ["pending", "on_hold"];

export const LOCALES: readonly Locale[] = ["fr", "en"];
