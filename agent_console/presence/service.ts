/** What visitors get now, chat or form, and when the desk opens: presence alone does not say so. */
import { computed, signal } from "@preact/signals";
import type { AgentHelloAck } from "../../client/protocol/agent";
import type { Service } from "../../client/protocol/shared";
import { ConnectionLost } from "../../client/transport/transport";
import { type AgentSocket, ServerRefused } from "../connection/socket";

const OPENING = "/api/console/calendar/opening";

/** Resolves with the service after the change. Rejects as a socket command does. */
async function request(method: "POST" | "DELETE"): Promise<Service> {
  const response = await fetch(OPENING, { method }).catch(() => null);
  const body = await response?.json().catch(() => null);
  if (response?.ok && body) return body;
  throw body?.error ? new ServerRefused(body.error) : new ConnectionLost();
}

export function createService(socket: AgentSocket) {
  const now = signal<Service | null>(null);
  const apply = (service: Service) => {
    now.value = service;
  };
  socket.on("service", apply);
  return {
    now,
    /** While the desk is closed no chat begins, whoever is available. */
    closed: computed(() => now.value?.state === "closed"),
    load: ({ service }: Pick<AgentHelloAck, "service">): void => apply(service),
    /** For administrators: open the desk for an hour beside its calendar. */
    openForAnHour: async (): Promise<void> => apply(await request("POST")),
    /** Ends that hour before its time. */
    close: async (): Promise<void> => apply(await request("DELETE")),
  };
}
