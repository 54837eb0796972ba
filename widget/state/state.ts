/** The state of the frame: what is known, and what follows from it. No I/O. */

import { empty, type Timeline } from "../../client/conversation/timeline";
import type { Message, Service, Ticket } from "../../client/protocol";
import type { HostPage, Prefill } from "../bridge/messages";

/** What kit.ts has, which is loaded when `asked`. */
export type Kit = typeof import("../form/lazy_form");

/** Field -> code, as the server names what is wrong with a form. */
export type Faults = Record<string, string>;

export class State {
  service: Service | null = null;
  ticket: Ticket | null = null;
  line: Timeline = empty("visitor");
  /** The panel is open; the tab may still be hidden. */
  opened = false;
  visible = true;
  /** The end of the log is in view; else the last seq that was seen there. */
  atEnd = true;
  seenSeq = 0;
  page: HostPage = { url: "", title: "", referrer: "" };
  /** A link to the server stands and what it had to tell is here. */
  up = false;
  everUp = false;
  /** No link for 2 s. */
  cut = false;
  /** The server does not want us here at all. */
  unwanted = false;
  /** The ticket that the visitor has turned their back on for a new conversation. */
  former: string | null = null;
  typist: string | null = null;
  /** What is being written, in chat and form alike. */
  draft = "";
  prefill: Prefill = {};
  faults: Faults = {};
  busy = false;
  /** The form's own code, once it is here. */
  kit: Kit | null = null;
  /** The address is being asked of somebody who may still keep waiting. */
  leaving = false;
  /** The link that was copied last: another request has another one. */
  copied = "";
  /** What a screen reader hears. */
  spoken = "";
  /** One line above the composer: why something was not done. */
  notice = "";

  get unread(): Message[] {
    const read = this.ticket?.read.visitor ?? 0;
    return this.line.messages.filter((one) => one.author.kind === "agent" && one.seq > read);
  }

  /** Something is to be drawn that only the kit has: the form, an address asked for, a promise. */
  get asked(): boolean {
    const { ticket, service, line } = this;
    if (!ticket) return service?.mode === "form" && line.pending.length === 0;
    if (ticket.status === "live") return this.leaving;
    return ticket.status === "open" || ticket.status === "on_hold";
  }

  /** The form in place of the chat: nothing can be had but a ticket, and none is under way. */
  get form(): boolean {
    return this.asked && !this.ticket && !!this.kit;
  }

  get over(): boolean {
    return isOver(this.ticket);
  }
}

/** Nothing can be said on it any more; a new conversation can be had. */
export function isOver(ticket: Ticket | null, now: number = Date.now()): boolean {
  if (ticket?.status === "closed") return true;
  return ticket?.status === "solved" && ticket.reply_until !== null && Date.parse(ticket.reply_until) < now;
}

/** The newer of two views of one ticket; reads only grow, for news may overtake each other. */
export function newer(known: Ticket | null, news: Ticket): Ticket {
  if (known?.id !== news.id) return news;
  const base = news.rev >= known.rev ? news : known;
  return {
    ...base,
    link: news.link ?? known.link,
    read: {
      visitor: Math.max(known.read.visitor, news.read.visitor),
      agent: Math.max(known.read.agent, news.read.agent),
    },
  };
}
