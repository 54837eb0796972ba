/** The lists beside one's own: the live chats of colleagues, all tickets, and those that have ended. */
import { computed, effect } from "@preact/signals";
import type { Card } from "../../client/protocol/agent";
import { FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import type { Router } from "../app/router";
import type { AgentSocket } from "../connection/socket";
import { createListing, type Listing } from "./listing";

export type ViewName = "team" | "all" | "ended";
export const VIEW_NAMES: readonly ViewName[] = ["team", "all", "ended"];

const byNumber = (a: Card, b: Card): number => b.number - a.number;
const byTime = (a: Card, b: Card): number => Date.parse(b.updated_at) - Date.parse(a.updated_at);

export function createTeamViews(socket: AgentSocket, me: string, router: Router) {
  const listing = (view: ViewName, accepts: (card: Card) => boolean, order = byTime): Listing =>
    createListing(socket, { query: () => ({ view }), accepts, order });
  const all: Readonly<Record<ViewName, Listing>> = {
    team: listing("team", ({ status, agent }) => status === "live" && !!agent && agent.id !== me, byNumber),
    all: listing("all", () => true),
    ended: listing("ended", ({ status }) => FINISHED_STATUSES.includes(status)),
  };
  const shown = computed(() => VIEW_NAMES.find((view) => view === router.list.value) ?? null);

  return {
    /** Null for one's own inbox. */
    shown,
    listing: (view: ViewName): Listing => all[view],
    /** A card that one of the lists has. */
    find: (ticket: string): Card | null =>
      VIEW_NAMES.map((view) => all[view].find(ticket)).find((card) => card !== null) ?? null,
    /** After each hello: what changed meanwhile has sent no card. */
    reload(): void {
      const view = shown.peek();
      if (view !== null) void all[view].load();
    },
    /** A list is loaded when it is shown and emptied when it no longer is. Returns a function that stops. */
    start: (): (() => void) =>
      effect(() => {
        const view = shown.value;
        if (view === null) return;
        if (socket.online.peek()) void all[view].load();
        return () => all[view].clear();
      }),
  };
}

export type TeamViews = ReturnType<typeof createTeamViews>;
