/** The parts of the console's state, one per file; features take what they need of them as `Parts`. */
import { signal } from "@preact/signals";
import type { Agent, Department } from "../../client/protocol/agent";
import type { AgentSocket } from "../connection/socket";
import { createDrafts } from "../conversation/drafts";
import { createThreads } from "../conversation/threads";
import { createInbox } from "../inbox/inbox";
import { createSearch } from "../inbox/search";
import { createTeamViews } from "../inbox/team_views";
import { createOffers } from "../presence/offers";
import { createPresence } from "../presence/presence";
import { createService } from "../presence/service";
import type { Router } from "./router";
import { createToasts } from "./toasts";

export function createParts(socket: AgentSocket, self: Agent, router: Router) {
  return {
    socket,
    self,
    router,
    inbox: createInbox(socket, self.id),
    presence: createPresence(socket, self),
    service: createService(socket),
    offers: createOffers(socket),
    threads: createThreads(socket),
    search: createSearch(socket),
    teamViews: createTeamViews(socket, self.id, router),
    drafts: createDrafts(self.id),
    toasts: createToasts(),
    departments: signal<readonly Department[]>([]),
  };
}

export type Parts = ReturnType<typeof createParts>;
