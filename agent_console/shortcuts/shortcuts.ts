/** What a key does on the desk. True: it was ours, the browser need not do anything else. */

import type { Desk } from "../app/console";
import { onPhone } from "../app/router";
import type { Notifier } from "../presence/alerts";
import { setAvailability } from "../presence/availability";
import type { Act } from "./keymap";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".lists [data-row]")];
}

/** J and K walk from the focused row, or from the one that is open; 0 goes to that one itself. */
function walk(step: 1 | -1 | 0): boolean {
  const all = rows();
  const focused = all.indexOf(document.activeElement as HTMLElement);
  const here = focused >= 0 ? focused : all.findIndex((row) => row.getAttribute("aria-current") === "page");
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

function write(desk: Desk, tone: "reply" | "note"): boolean {
  const ticket = desk.route.place.peek().ticket;
  if (!ticket) return false;
  desk.drafts.turn(ticket, tone);
  desk.actions.write(ticket);
  return true;
}

/** Out of the search and of a field first, then out of the details; on a phone out of the thread too. */
function back(desk: Desk): boolean {
  const { place, go } = desk.route;
  const field = document.activeElement;
  if (desk.search.phase.peek() !== "off") desk.search.clear();
  if (field instanceof HTMLElement && field.matches("textarea, input")) {
    field.blur();
    return walk(0);
  }
  const { ticket, pane } = place.peek();
  if (pane === "visitor") go({ ticket, pane: "thread" });
  else if (ticket && onPhone()) go({ ticket: null, pane: "list" });
  return true;
}

function onTicket(desk: Desk, act: "end" | "handOver" | "claim"): boolean {
  const id = desk.route.place.peek().ticket;
  const ticket = id ? desk.threads.known(id)?.ticket.peek() : null;
  if (!ticket) return false;
  const mine = ticket.agent?.id === desk.self.id;
  if (act === "end" && mine && ticket.status === "live") desk.actions.end(ticket.id);
  else if (act === "handOver" && mine && ticket.status !== "solved" && ticket.status !== "closed")
    desk.dialog.value = "hand-over";
  else if (act === "claim" && !ticket.agent) void desk.actions.claim(ticket.id);
  else return false;
  return true;
}

/** What rings comes before what is merely open. */
function claim(desk: Desk): boolean {
  const ringing = desk.offers.list.peek()[0];
  if (!ringing) return onTicket(desk, "claim");
  void desk.actions.claim(ringing.card.ticket);
  return true;
}

function decline(desk: Desk): boolean {
  const ringing = desk.offers.list.peek()[0];
  if (ringing) void desk.actions.decline(ringing.card.ticket);
  return ringing !== undefined;
}

function undo(desk: Desk): boolean {
  const notice = desk.notices.shown.peek().findLast((one) => one.action?.undoes);
  if (notice) desk.notices.act(notice);
  return notice !== undefined;
}

function openMine(desk: Desk, place: number): boolean {
  const card = desk.inbox.lists.peek().mine[place - 1];
  if (!card) return false;
  desk.actions.open(card.ticket);
  desk.actions.write(card.ticket);
  return true;
}

export function perform(act: Act, desk: Desk, notifier: Notifier): boolean {
  if (typeof act === "object") return openMine(desk, act.chat);
  const does: Record<Exclude<Act, object>, () => boolean> = {
    next: () => walk(1),
    previous: () => walk(-1),
    end: () => onTicket(desk, "end"),
    handOver: () => onTicket(desk, "handOver"),
    claim: () => claim(desk),
    decline: () => decline(desk),
    undo: () => undo(desk),
    reply: () => write(desk, "reply"),
    note: () => write(desk, "note"),
    search: () => {
      if (desk.route.place.peek().pane !== "list" && onPhone()) desk.route.go({ ticket: null, pane: "list" });
      document.getElementById("search")?.focus();
      return true;
    },
    sheet: () => {
      desk.dialog.value = "sheet";
      return true;
    },
    presence: () => {
      void setAvailability(
        desk,
        notifier,
        desk.presence.choice.peek() === "available" ? "away" : "available",
      );
      return true;
    },
    back: () => back(desk),
  };
  return does[act]();
}
