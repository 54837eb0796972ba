/** Why a ticket rang where it did: who was weighed, and what decided. */
import { useEffect, useState } from "preact/hooks";
import type { Decision } from "../../client/protocol";
import { clock } from "../../client/text/time_format";
import { useDesk } from "../app/console";
import { reader, words } from "../app/preferences";
import { Dialog } from "../ui/dialog";
import { roughly } from "../ui/time_format";

function outcome(decision: Decision, agent: string, excluded: string | null): string {
  const say = words.value;
  if (excluded !== null) return say.excluded[excluded] ?? excluded;
  return decision.chosen === agent ? say.explain.chosen : say.explain.candidate;
}

function DecisionTable({ decision }: { decision: Decision }) {
  const say = words.value;
  return (
    <table class="explain">
      <caption>
        {clock(decision.at, reader.value)} · {say.rules[decision.rule] ?? decision.rule}
      </caption>
      <thead>
        <tr class="explain__heads">
          <th scope="col">{say.explain.agent}</th>
          <th scope="col">{say.explain.load}</th>
          <th scope="col">{say.explain.idle}</th>
          <th scope="col">{say.explain.outcome}</th>
        </tr>
      </thead>
      <tbody>
        {decision.candidates.map((one) => (
          <tr key={one.agent} class={decision.chosen === one.agent ? "explain__chosen" : ""}>
            <th scope="row">{one.name}</th>
            <td>{say.presence.count(one.chats, one.capacity)}</td>
            <td>{roughly(one.idle_s, say)}</td>
            <td>{outcome(decision, one.agent, one.excluded)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Explain() {
  const { actions, dialog, route } = useDesk();
  const [decisions, setDecisions] = useState<readonly Decision[] | "failed" | null>(null);
  const say = words.value.explain;
  useEffect(() => {
    const ticket = route.place.peek().ticket;
    if (ticket) actions.explain(ticket).then(setDecisions, () => setDecisions("failed"));
  }, []);
  return (
    <Dialog
      title={say.title}
      onClose={() => {
        dialog.value = null;
      }}
    >
      {decisions === null && <p class="hint">{words.value.loading}</p>}
      {decisions === "failed" && <p role="alert">{say.failed}</p>}
      {Array.isArray(decisions) && decisions.length === 0 && <p>{say.none}</p>}
      {Array.isArray(decisions) && decisions.map((one) => <DecisionTable key={one.at} decision={one} />)}
    </Dialog>
  );
}
