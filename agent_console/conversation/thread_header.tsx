/** The header of a thread: the visitor, the status and the actions. */

import { AGENT_TRANSITIONS } from "../../client/protocol/agent";
import type { Ticket } from "../../client/protocol/shared";
import { ANSWER_OWED_STATUSES, FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import { dateAndTime } from "../../client/text/future_time";
import { type AgentConsole, useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";
import { Icon } from "../ui/icon";
import { categoryName, isolate } from "../ui/labels";
import { LiveTime } from "../ui/live_time";
import { Menu, MenuItem } from "../ui/menu";
import { elapsed } from "../ui/time_format";
import type { Thread } from "./thread";

function StatusMenu({ ticket }: { ticket: Ticket }) {
  const { actions } = useConsole();
  const moves = AGENT_TRANSITIONS[ticket.status];
  const t = texts.value;
  if (moves.length === 0) return null;
  const face = (
    <>
      {t.statuses[ticket.status]}
      <Icon name="down" />
    </>
  );
  return (
    <Menu label={`${t.thread.changeStatus}${t.colon}${t.statuses[ticket.status]}`} side="end" content={face}>
      {(close) =>
        moves.map((status) => (
          <MenuItem
            key={status}
            onPick={() => {
              close();
              actions.setStatus(ticket.id, status);
            }}
          >
            {t.statuses[status]}
          </MenuItem>
        ))
      }
    </Menu>
  );
}

interface Rights {
  mine: boolean;
  free: boolean;
  ended: boolean;
  mayTakeOver: boolean;
  maySet: boolean;
}

function rightsOn(ticket: Ticket, { self }: AgentConsole): Rights {
  const mine = ticket.agent?.id === self.id;
  const free = ticket.agent === null;
  const ended = FINISHED_STATUSES.includes(ticket.status);
  const leads = self.role !== "agent";
  return { mine, free, ended, mayTakeOver: leads && !mine && !free && !ended, maySet: mine || leads || free };
}

function TicketActions({ ticket }: { ticket: Ticket }) {
  const agentConsole = useConsole();
  const t = texts.value.thread;
  const rights = rightsOn(ticket, agentConsole);
  const ending = agentConsole.actions.delayedEnds.pending.value.has(ticket.id);
  if (ending) {
    return (
      <button type="button" class="button" onClick={() => agentConsole.actions.delayedEnds.cancel(ticket.id)}>
        {texts.value.undo}
      </button>
    );
  }
  return (
    <>
      {rights.free && !rights.ended && (
        <button
          type="button"
          class="button button--primary"
          onClick={() => void agentConsole.actions.claim(ticket.id)}
        >
          {t.claim}
        </button>
      )}
      {rights.mayTakeOver && (
        <button type="button" class="button" onClick={() => void agentConsole.actions.takeOver(ticket.id)}>
          {t.takeOver}
        </button>
      )}
      {rights.mine && !rights.ended && (
        <button
          type="button"
          class="button button--quiet"
          onClick={() => {
            agentConsole.dialog.value = "hand-over";
          }}
        >
          {t.handOver}
        </button>
      )}
      {rights.maySet && <StatusMenu ticket={ticket} />}
      {rights.mine && ticket.status === "live" && (
        <button type="button" class="button" onClick={() => agentConsole.actions.end(ticket.id)}>
          {t.end}
        </button>
      )}
    </>
  );
}

/** How long the visitor has waited, or the promised time. */
function WaitOrPromise({ ticket }: { ticket: Ticket }) {
  const { card } = useConsole();
  const t = texts.value.thread;
  const since = card.value?.waiting_since;
  if (ticket.status === "live" && since) {
    return <LiveTime kind="" text={(now) => ` · ${t.waitsSince} ${elapsed(since, now, texts.value)}`} />;
  }
  if (!ticket.promise || !ANSWER_OWED_STATUSES.includes(ticket.status)) return null;
  const late = Date.parse(ticket.promise.due) < Date.now();
  const date = dateAndTime(ticket.promise.due, timeLocale.value);
  return (
    <span class={late ? "bad" : ""}>
      {" · "}
      {late ? t.promiseLate : t.promise} {date}
    </span>
  );
}

export function ThreadHeader({ thread }: { thread: Thread }) {
  const agentConsole = useConsole();
  const ticket = thread.ticket.value;
  if (!ticket) return null;
  const t = texts.value;
  const category = categoryName(ticket.category, t);
  const name = agentConsole.actions.nameOf(ticket.id);
  const owner = thread.otherOwner(agentConsole.self.id);
  // The label of the status menu has the status already.
  const hasMenu = rightsOn(ticket, agentConsole).maySet && AGENT_TRANSITIONS[ticket.status].length > 0;
  return (
    <header class="thread__header">
      <button
        type="button"
        class="button button--icon phone-only"
        aria-label={t.thread.back}
        onClick={() => agentConsole.router.openInbox()}
      >
        <Icon name="back" />
      </button>
      <div class="thread__visitor">
        <h2>
          <span dir="auto">{name}</span>
          {category && <span class="chip chip--info">{category}</span>}
          {agentConsole.features.map(({ threadBadge }) => threadBadge?.(ticket))}
        </h2>
        <p>
          {t.number(ticket.number)}
          {ticket.channel !== "chat" && ` · ${t.channels[ticket.channel]}`}
          {!hasMenu && ` · ${t.statuses[ticket.status]}`}
          {owner && ` · ${t.thread.answeredBy(isolate(owner.name))}`}
          {!ticket.reachable && ticket.status === "open" && ` · ${t.thread.unreachable}`}
          <WaitOrPromise ticket={ticket} />
        </p>
      </div>
      <div class="thread__actions">
        <TicketActions ticket={ticket} />
        <button
          type="button"
          class="button button--icon narrow-only"
          aria-label={t.thread.details}
          onClick={() => agentConsole.router.openTicket(ticket.id, "visitor")}
        >
          <Icon name="person" />
        </button>
      </div>
    </header>
  );
}
