/** Runs the action of a shortcut. Returns true if the browser must not handle the key. */

import { FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import type { AgentConsole } from "../app/console";
import { onPhone } from "../app/router";
import type { Alerts } from "../presence/alerts";
import { setAvailability } from "../presence/availability";
import type { ShortcutAction } from "./keymap";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".lists [data-row]")];
}

/** Moves the focus from the focused row, or from the open ticket's row, by `step`; 0 moves it to that row. */
function moveFocus(step: 1 | -1 | 0): boolean {
  const all = rows();
  const focused = all.indexOf(document.activeElement as HTMLElement);
  const here = focused >= 0 ? focused : all.findIndex((row) => row.getAttribute("aria-current") === "page");
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

function focusComposer(agentConsole: AgentConsole, mode: "reply" | "note"): boolean {
  const ticket = agentConsole.router.ticket.peek();
  if (!ticket) return false;
  agentConsole.drafts.setMode(ticket, mode);
  agentConsole.actions.focusComposer(ticket);
  return true;
}

/** Leaves the search and the field first, then the details; on a phone also the thread. */
function back(agentConsole: AgentConsole): boolean {
  const { ticket, pane, openTicket, openInbox } = agentConsole.router;
  const field = document.activeElement;
  if (agentConsole.search.phase.peek() !== "off") agentConsole.search.clear();
  if (field instanceof HTMLElement && field.matches("textarea, input")) {
    field.blur();
    return moveFocus(0);
  }
  const open = ticket.peek();
  if (open && pane.peek() === "visitor") openTicket(open);
  else if (open && onPhone()) openInbox();
  return true;
}

function runOnTicket(agentConsole: AgentConsole, action: "end" | "handOver" | "claim"): boolean {
  const id = agentConsole.router.ticket.peek();
  const ticket = id ? agentConsole.threads.find(id)?.ticket.peek() : null;
  if (!ticket) return false;
  const mine = ticket.agent?.id === agentConsole.self.id;
  if (action === "end" && mine && ticket.status === "live") agentConsole.actions.end(ticket.id);
  else if (action === "handOver" && mine && !FINISHED_STATUSES.includes(ticket.status))
    agentConsole.dialog.value = "hand-over";
  else if (action === "claim" && !ticket.agent) void agentConsole.actions.claim(ticket.id);
  else return false;
  return true;
}

/** Takes the ringing offer if there is one, else the open ticket. */
function claim(agentConsole: AgentConsole): boolean {
  const ringing = agentConsole.offers.list.peek()[0];
  if (!ringing) return runOnTicket(agentConsole, "claim");
  void agentConsole.actions.claim(ringing.card.ticket);
  return true;
}

function decline(agentConsole: AgentConsole): boolean {
  const ringing = agentConsole.offers.list.peek()[0];
  if (ringing) void agentConsole.actions.decline(ringing.card.ticket);
  return ringing !== undefined;
}

function undo(agentConsole: AgentConsole): boolean {
  const notice = agentConsole.toasts.shown.peek().findLast((one) => one.action?.undoes);
  if (notice) agentConsole.toasts.runAction(notice);
  return notice !== undefined;
}

function openMine(agentConsole: AgentConsole, number: number): boolean {
  const card = agentConsole.inbox.lists.peek().mine[number - 1];
  if (!card) return false;
  agentConsole.actions.open(card.ticket);
  agentConsole.actions.focusComposer(card.ticket);
  return true;
}

export function performAction(action: ShortcutAction, agentConsole: AgentConsole, alerts: Alerts): boolean {
  if (typeof action === "object") return openMine(agentConsole, action.chat);
  const handlers: Record<Exclude<ShortcutAction, object>, () => boolean> = {
    next: () => moveFocus(1),
    previous: () => moveFocus(-1),
    end: () => runOnTicket(agentConsole, "end"),
    handOver: () => runOnTicket(agentConsole, "handOver"),
    claim: () => claim(agentConsole),
    decline: () => decline(agentConsole),
    undo: () => undo(agentConsole),
    reply: () => focusComposer(agentConsole, "reply"),
    note: () => focusComposer(agentConsole, "note"),
    search: () => {
      if (agentConsole.router.pane.peek() !== "list" && onPhone()) agentConsole.router.openInbox();
      document.getElementById("search")?.focus();
      return true;
    },
    shortcuts: () => {
      agentConsole.dialog.value = "shortcuts";
      return true;
    },
    presence: () => {
      void setAvailability(
        agentConsole,
        alerts,
        agentConsole.presence.choice.peek() === "available" ? "away" : "available",
      );
      return true;
    },
    back: () => back(agentConsole),
  };
  return handlers[action]();
}
