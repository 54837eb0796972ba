/** The presence of the team, and whether offers may ring on this console. */
import { computed, signal } from "@preact/signals";
import type { Agent, AgentHelloAck } from "../../client/protocol/agent";
import type { AgentSocket } from "../connection/socket";

export type Availability = "available" | "away";

export function createPresence(socket: AgentSocket, self: Agent) {
  const team = signal<ReadonlyMap<string, Agent>>(new Map([[self.id, self]]));
  const confirmed = signal<Availability>(self.state === "available" ? "available" : "away");
  const requested = signal<Availability | null>(null);
  const missed = signal(false);

  function applyAgent(agent: Agent): void {
    team.value = new Map(team.value).set(agent.id, agent);
    if (agent.id !== self.id) return;
    // "offline" is what others see while this socket connects; the agent did not choose it.
    if (agent.state !== "offline") confirmed.value = agent.state;
    missed.value = agent.state === "away" && agent.why === "missed";
  }

  socket.on("presence", applyAgent);

  return {
    team,
    missed,
    me: computed(() => team.value.get(self.id) ?? self),
    /** Shown at once, before the server confirms. */
    choice: computed(() => requested.value ?? confirmed.value),

    load({ agent, presence, team: everybody }: Pick<AgentHelloAck, "agent" | "presence" | "team">): void {
      team.value = new Map([...everybody, agent].map((one) => [one.id, one]));
      confirmed.value = presence;
      missed.value = presence === "away" && agent.why === "missed";
    },

    /** Rejects if the server does not confirm; then the old state shows again. */
    async choose(state: Availability): Promise<void> {
      requested.value = state;
      try {
        confirmed.value = (await socket.request("set_presence", { state })).presence;
        missed.value = false;
      } finally {
        requested.value = null;
      }
    },
  };
}

export type Presence = ReturnType<typeof createPresence>;
