/** What visitors get now, chat or form, and when the desk opens: presence alone does not say so. */
import { computed, signal } from "@preact/signals";
import type { AgentHelloAck } from "../../client/protocol/agent";
import type { Service } from "../../client/protocol/shared";
import type { AgentSocket } from "../connection/socket";

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
  };
}
