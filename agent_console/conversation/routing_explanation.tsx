/** The dialog that explains an assignment: which agents were considered and which rule decided. */
import { useEffect, useState } from "preact/hooks";
import type { Decision } from "../../client/protocol/agent";
import type { ExclusionReason } from "../../client/protocol/vocabulary";
import { timeOfDay } from "../../client/text/time_format";
import { useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";
import { Dialog } from "../ui/dialog";
import { roughDuration } from "../ui/time_format";

function outcome(decision: Decision, agent: string, excluded: ExclusionReason | null): string {
  const t = texts.value;
  if (excluded !== null) return t.excluded[excluded] ?? excluded;
  return decision.chosen === agent ? t.explain.chosen : t.explain.candidate;
}

function DecisionTable({ decision }: { decision: Decision }) {
  const t = texts.value;
  return (
    <table class="explain">
      <caption>
        {timeOfDay(decision.at, timeLocale.value)} · {t.rules[decision.rule] ?? decision.rule}
      </caption>
      <thead>
        <tr class="explain__heads">
          <th scope="col">{t.explain.agent}</th>
          <th scope="col">{t.explain.load}</th>
          <th scope="col">{t.explain.idle}</th>
          <th scope="col">{t.explain.outcome}</th>
        </tr>
      </thead>
      <tbody>
        {decision.candidates.map((one) => (
          <tr key={one.agent} class={decision.chosen === one.agent ? "explain__chosen" : ""}>
            <th scope="row">{one.name}</th>
            <td>{t.presence.count(one.chats, one.capacity)}</td>
            <td>{roughDuration(one.idle_s, t)}</td>
            <td>{outcome(decision, one.agent, one.excluded)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function RoutingExplanation() {
  const { actions, dialog, router } = useConsole();
  const [decisions, setDecisions] = useState<readonly Decision[] | "failed" | null>(null);
  const t = texts.value.explain;
  useEffect(() => {
    const ticket = router.ticket.peek();
    if (ticket) actions.explain(ticket).then(setDecisions, () => setDecisions("failed"));
  }, []);
  return (
    <Dialog
      title={t.title}
      onClose={() => {
        dialog.value = null;
      }}
    >
      {decisions === null && <p class="hint">{texts.value.loading}</p>}
      {decisions === "failed" && <p role="alert">{t.failed}</p>}
      {Array.isArray(decisions) && decisions.length === 0 && <p>{t.none}</p>}
      {Array.isArray(decisions) && decisions.map((one) => <DecisionTable key={one.at} decision={one} />)}
    </Dialog>
  );
}
