/** The state of the frame, and what can be computed from it. No I/O. */

import { emptyTimeline, type Timeline } from "../../client/conversation/timeline";
import type { Message, Service, Ticket } from "../../client/protocol/shared";
import { ANSWER_OWED_STATUSES } from "../../client/protocol/vocabulary";
import type { HostPage } from "../bridge/messages";
import type { FormFieldValues } from "../frame/config";

/** Field -> error code, as the server returns them for a form. */
export type FieldErrors = Record<string, string>;

export class State {
  service: Service | null = null;
  ticket: Ticket | null = null;
  timeline: Timeline = emptyTimeline("visitor");
  /** The panel is open; the tab may still be hidden. */
  opened = false;
  visible = true;
  /** True while the end of the log is in view. If not, `seenSeq` is the last seq that was in view. */
  atEnd = true;
  seenSeq = 0;
  page: HostPage = { url: "", title: "", referrer: "" };
  /** The connection is open and hello is answered. */
  connected = false;
  everConnected = false;
  /** No connection for 2 s. */
  offline = false;
  /** The server rejects our connection. */
  refused = false;
  /** The ticket that the visitor left for a new conversation. */
  formerTicket: string | null = null;
  typingName: string | null = null;
  /** The text being written, in the chat and in the form. */
  draft = "";
  prefill: FormFieldValues = {};
  errors: FieldErrors = {};
  busy = false;
  /** The form's code is loaded. */
  formLoaded = false;
  /** The visitor is asked for an address and may still go back to waiting. */
  askingAddress = false;
  /** The last link that was copied; another request has another link. */
  copied = "";
  /** The text for screen readers. */
  announcement = "";
  /** Above the composer: why something was not done. */
  notice = "";

  get unread(): Message[] {
    const read = this.ticket?.read.visitor ?? 0;
    return this.timeline.messages.filter((one) => one.author.kind === "agent" && one.seq > read);
  }

  /** The view needs the form's code: for the form, for an address, for a promise. */
  get needsForm(): boolean {
    const { ticket, service, timeline } = this;
    if (!ticket) return service?.mode === "form" && timeline.pending.length === 0;
    if (ticket.status === "live") return this.askingAddress;
    return ANSWER_OWED_STATUSES.includes(ticket.status);
  }

  /** The form replaces the chat: no chat is available and there is no ticket yet. */
  get form(): boolean {
    return this.needsForm && !this.ticket && this.formLoaded;
  }

  get ended(): boolean {
    return isEnded(this.ticket);
  }
}

/** True if nothing can be written on the ticket any more. */
export function isEnded(ticket: Ticket | null, now: number = Date.now()): boolean {
  if (ticket?.status === "closed") return true;
  return ticket?.status === "solved" && ticket.reply_until !== null && Date.parse(ticket.reply_until) < now;
}

/** The newer of two versions of a ticket by `rev`. Read marks only grow, for events may overtake each other. */
export function newerTicket(current: Ticket | null, news: Ticket): Ticket {
  if (current?.id !== news.id) return news;
  const base = news.rev >= current.rev ? news : current;
  return {
    ...base,
    link: news.link ?? current.link,
    read: {
      visitor: Math.max(current.read.visitor, news.read.visitor),
      agent: Math.max(current.read.agent, news.read.agent),
    },
  };
}
