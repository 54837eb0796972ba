/** The header of a thread: the visitor, the status and the actions. */

import { AGENT_TRANSITIONS } from "../../client/protocol/agent";
import type { Ticket } from "../../client/protocol/shared";
import { FINISHED_STATUSES, type Status } from "../../client/protocol/vocabulary";
import { dateAndTime } from "../../client/text/future_time";
import { type AgentConsole, useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";
import { Icon } from "../ui/icon";
import { categoryName, isolate } from "../ui/labels";
import { LiveTime } from "../ui/live_time";
import { Menu, MenuGroup, MenuItem } from "../ui/menu";
import { elapsed } from "../ui/time_format";
import type { Thread } from "./thread";

/** The statuses that the agent may set, as items of a menu. On hold asks for a date. */
function StatusItems({ ticket, close }: { ticket: Ticket; close: () => void }) {
  const { actions, dialog } = useConsole();
  const pick = (status: Status) => {
    close();
    if (status === "on_hold") dialog.value = "hold";
    else actions.setStatus(ticket.id, status);
  };
  return (
    <>
      {ticket.status === "on_hold" && (
        <MenuItem onPick={() => pick("on_hold")}>{texts.value.hold.move}</MenuItem>
      )}
      {AGENT_TRANSITIONS[ticket.status].map((status) => (
        <MenuItem key={status} onPick={() => pick(status)}>
          {texts.value.statuses[status]}
        </MenuItem>
      ))}
    </>
  );
}

function StatusMenu({ ticket }: { ticket: Ticket }) {
  const t = texts.value;
  if (AGENT_TRANSITIONS[ticket.status].length === 0) return null;
  const face = (
    <>
      {t.statuses[ticket.status]}
      <Icon name="down" />
    </>
  );
  return (
    <Menu label={`${t.thread.changeStatus}${t.colon}${t.statuses[ticket.status]}`} side="end" content={face}>
      {(close) => <StatusItems ticket={ticket} close={close} />}
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

interface Action {
  label: string;
  kind: "primary" | "quiet" | "plain";
  run: () => void;
}

/** What the agent may do with the ticket besides setting its status. */
function actionsOn(ticket: Ticket, rights: Rights, { actions, dialog }: AgentConsole): Action[] {
  const t = texts.value.thread;
  const { id } = ticket;
  const handOver = () => {
    dialog.value = "hand-over";
  };
  const possible: [boolean, Action][] = [
    [rights.free && !rights.ended, { label: t.claim, kind: "primary", run: () => void actions.claim(id) }],
    [rights.mayTakeOver, { label: t.takeOver, kind: "plain", run: () => void actions.takeOver(id) }],
    [rights.mine && !rights.ended, { label: t.handOver, kind: "quiet", run: handOver }],
  ];
  return possible.filter(([may]) => may).map(([, action]) => action);
}

/** The end of a live chat; it stands behind the status menu. */
function endOf(ticket: Ticket, { mine }: Rights, { actions }: AgentConsole): Action[] {
  const end = { label: texts.value.thread.end, kind: "plain" as const, run: () => actions.end(ticket.id) };
  return mine && ticket.status === "live" ? [end] : [];
}

function ActionButton({ action: { label, kind, run } }: { action: Action }) {
  return (
    <button type="button" class={`button${kind === "plain" ? "" : ` button--${kind}`}`} onClick={run}>
      {label}
    </button>
  );
}

/** On a phone all actions are in a menu, so that the header has one line. */
function PhoneActions({ ticket, all, maySet }: { ticket: Ticket; all: readonly Action[]; maySet: boolean }) {
  const t = texts.value;
  if (all.length === 0 && !maySet) return null;
  return (
    <div class="thread__more">
      <Menu label={t.thread.actions} kind="button button--icon" side="end" content={<Icon name="more" />}>
        {(close) => (
          <>
            {all.map(({ label, run }) => (
              <MenuItem
                key={label}
                onPick={() => {
                  close();
                  run();
                }}
              >
                {label}
              </MenuItem>
            ))}
            {maySet && (
              <MenuGroup label={t.thread.changeStatus}>
                <StatusItems ticket={ticket} close={close} />
              </MenuGroup>
            )}
          </>
        )}
      </Menu>
    </div>
  );
}

function TicketActions({ ticket }: { ticket: Ticket }) {
  const agentConsole = useConsole();
  const rights = rightsOn(ticket, agentConsole);
  const { delayedEnds } = agentConsole.actions;
  if (delayedEnds.pending.value.has(ticket.id)) {
    const undo = {
      label: texts.value.undo,
      kind: "plain" as const,
      run: () => delayedEnds.cancel(ticket.id),
    };
    return <ActionButton action={undo} />;
  }
  const first = actionsOn(ticket, rights, agentConsole);
  const last = endOf(ticket, rights, agentConsole);
  const maySet = rights.maySet && AGENT_TRANSITIONS[ticket.status].length > 0;
  return (
    <>
      <div class="thread__buttons">
        {first.map((action) => (
          <ActionButton key={action.label} action={action} />
        ))}
        {maySet && <StatusMenu ticket={ticket} />}
        {last.map((action) => (
          <ActionButton key={action.label} action={action} />
        ))}
      </div>
      <PhoneActions ticket={ticket} all={[...first, ...last]} maySet={maySet} />
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
  if (!ticket.promise || ticket.status === "live") return null;
  const late = Date.parse(ticket.promise.due) < Date.now();
  const label = ticket.hold ? t.onHoldUntil : t.promise;
  const date = dateAndTime(ticket.promise.due, timeLocale.value);
  return (
    <span class={late ? "bad" : ""}>
      {" · "}
      {late ? t.promiseLate : label} {date}
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
