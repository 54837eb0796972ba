/** The state of the frame: what is known, and what follows from it. No I/O. */

import { emptyTimeline, type Timeline } from "../../client/conversation/timeline";
import type { Message, Service, Ticket } from "../../client/protocol";
import type { HostPage, Prefill } from "../bridge/messages";

/** Field -> code, as the server names what is wrong with a form. */
export type Faults = Record<string, string>;

export class State {
  service: Service | null = null;
  ticket: Ticket | null = null;
  timeline: Timeline = emptyTimeline("visitor");
  /** The panel is open; the tab may still be hidden. */
  opened = false;
  visible = true;
  /** The end of the log is in view; else the last seq that was seen there. */
  atEnd = true;
  seenSeq = 0;
  page: HostPage = { url: "", title: "", referrer: "" };
  /** A link to the server stands and what it had to tell is here. */
  connected = false;
  everConnected = false;
  /** No link for 2 s. */
  offline = false;
  /** The server does not want us here at all. */
  refused = false;
  /** The ticket that the visitor has turned their back on for a new conversation. */
  formerTicket: string | null = null;
  typingName: string | null = null;
  /** What is being written, in chat and form alike. */
  draft = "";
  prefill: Prefill = {};
  faults: Faults = {};
  busy = false;
  /** The form's code is loaded. */
  formLoaded = false;
  /** The address is being asked of somebody who may still keep waiting. */
  askingAddress = false;
  /** The link that was copied last: another request has another one. */
  copied = "";
  /** What a screen reader hears. */
  announcement = "";
  /** One line above the composer: why something was not done. */
  notice = "";

  get unread(): Message[] {
    const read = this.ticket?.read.visitor ?? 0;
    return this.timeline.messages.filter((one) => one.author.kind === "agent" && one.seq > read);
  }

  /** Something is to be drawn that only the kit has: the form, an address asked for, a promise. */
  get needsForm(): boolean {
    const { ticket, service, timeline } = this;
    if (!ticket) return service?.mode === "form" && timeline.pending.length === 0;
    if (ticket.status === "live") return this.askingAddress;
    return ticket.status === "open" || ticket.status === "on_hold";
  }

  /** The form in place of the chat: nothing can be had but a ticket, and none is under way. */
  get form(): boolean {
    return this.needsForm && !this.ticket && this.formLoaded;
  }

  get ended(): boolean {
    return isEnded(this.ticket);
  }
}

/** Nothing can be said on it any more; a new conversation can be had. */
export function isEnded(ticket: Ticket | null, now: number = Date.now()): boolean {
  if (ticket?.status === "closed") return true;
  return ticket?.status === "solved" && ticket.reply_until !== null && Date.parse(ticket.reply_until) < now;
}

/** The newer of two views of one ticket; reads only grow, for news may overtake each other. */
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
