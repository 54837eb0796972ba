/** Who of the team is there, and whether new conversations may ring here. */
import { computed, signal } from "@preact/signals";
import type { Agent, AgentHello } from "../../client/protocol";
import type { Link } from "../connection/socket";

export type Choice = "available" | "away";

export function createPresence(link: Link, self: Agent) {
  const team = signal<ReadonlyMap<string, Agent>>(new Map([[self.id, self]]));
  const said = signal<Choice>(self.state === "available" ? "available" : "away");
  const wished = signal<Choice | null>(null);
  const missed = signal(false);

  function hearOf(agent: Agent): void {
    team.value = new Map(team.value).set(agent.id, agent);
    if (agent.id !== self.id) return;
    // "offline" is what the others see while this very socket is being opened; it is no choice of ours.
    if (agent.state !== "offline") said.value = agent.state;
    missed.value = agent.state === "away" && agent.why === "missed";
  }

  link.hear("presence", hearOf);

  return {
    team,
    missed,
    me: computed(() => team.value.get(self.id) ?? self),
    /** Shown at once, before the server has agreed. */
    choice: computed(() => wished.value ?? said.value),

    load({ agent, presence, team: everybody }: Pick<AgentHello, "agent" | "presence" | "team">): void {
      team.value = new Map([...everybody, agent].map((one) => [one.id, one]));
      said.value = presence;
      missed.value = presence === "away" && agent.why === "missed";
    },

    /** Rejects when the server did not agree; the old state then shows again. */
    async choose(state: Choice): Promise<void> {
      wished.value = state;
      try {
        said.value = (await link.ask("set_presence", { state })).presence;
        missed.value = false;
      } finally {
        wished.value = null;
      }
    },
  };
}

export type Presence = ReturnType<typeof createPresence>;
