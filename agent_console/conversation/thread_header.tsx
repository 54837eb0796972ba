/** Who this is, where the ticket stands, and what can be done with it. */

import type { Ticket } from "../../client/protocol";
import { dayAndClock } from "../../client/text/future_time";
import { type Desk, useDesk } from "../app/console";
import { reader, words } from "../app/preferences";
import { Icon } from "../ui/icon";
import { categoryName } from "../ui/labels";
import { Ticking } from "../ui/live_time";
import { Menu, MenuItem } from "../ui/menu";
import { elapsed } from "../ui/time_format";
import { BY_HAND } from "./status_transitions";
import type { Thread } from "./thread";

function StatusMenu({ ticket }: { ticket: Ticket }) {
  const { actions } = useDesk();
  const moves = BY_HAND[ticket.status];
  const say = words.value;
  if (moves.length === 0) return null;
  const face = (
    <>
      {say.statuses[ticket.status]}
      <Icon name="down" />
    </>
  );
  return (
    <Menu
      label={`${say.thread.changeStatus}${say.colon}${say.statuses[ticket.status]}`}
      side="end"
      face={face}
    >
      {(close) =>
        moves.map((status) => (
          <MenuItem
            key={status}
            onPick={() => {
              close();
              actions.setStatus(ticket.id, status);
            }}
          >
            {say.statuses[status]}
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

function rightsOn(ticket: Ticket, { self }: Desk): Rights {
  const mine = ticket.agent?.id === self.id;
  const free = ticket.agent === null;
  const ended = ticket.status === "solved" || ticket.status === "closed";
  const leads = self.role !== "agent";
  return { mine, free, ended, mayTakeOver: leads && !mine && !free && !ended, maySet: mine || leads || free };
}

function Acts({ ticket }: { ticket: Ticket }) {
  const desk = useDesk();
  const say = words.value.thread;
  const may = rightsOn(ticket, desk);
  const ending = desk.actions.goodbyes.waiting.value.has(ticket.id);
  if (ending) {
    return (
      <button type="button" class="button" onClick={() => desk.actions.goodbyes.keep(ticket.id)}>
        {words.value.undo}
      </button>
    );
  }
  return (
    <>
      {may.free && !may.ended && (
        <button
          type="button"
          class="button button--primary"
          onClick={() => void desk.actions.claim(ticket.id)}
        >
          {say.claim}
        </button>
      )}
      {may.mayTakeOver && (
        <button type="button" class="button" onClick={() => void desk.actions.takeOver(ticket.id)}>
          {say.takeOver}
        </button>
      )}
      {may.mine && !may.ended && (
        <button
          type="button"
          class="button button--quiet"
          onClick={() => {
            desk.dialog.value = "hand-over";
          }}
        >
          {say.handOver}
        </button>
      )}
      {may.maySet && <StatusMenu ticket={ticket} />}
      {may.mine && ticket.status === "live" && (
        <button type="button" class="button" onClick={() => desk.actions.end(ticket.id)}>
          {say.end}
        </button>
      )}
    </>
  );
}

/** The one fact about time that matters now: a wait, or a promise. */
function When({ ticket }: { ticket: Ticket }) {
  const { card } = useDesk();
  const say = words.value.thread;
  const since = card.value?.waiting_since;
  if (ticket.status === "live" && since) {
    return <Ticking kind="" say={(now) => ` · ${say.waitsSince} ${elapsed(since, now, words.value)}`} />;
  }
  if (!ticket.promise || (ticket.status !== "open" && ticket.status !== "on_hold")) return null;
  const late = Date.parse(ticket.promise.due) < Date.now();
  const date = dayAndClock(ticket.promise.due, reader.value);
  return (
    <span class={late ? "bad" : ""}>
      {" · "}
      {late ? say.promiseLate : say.promise} {date}
    </span>
  );
}

export function ThreadHeader({ thread }: { thread: Thread }) {
  const desk = useDesk();
  const ticket = thread.ticket.value;
  if (!ticket) return null;
  const say = words.value;
  const category = categoryName(ticket.category, say);
  const name = desk.actions.nameOf(ticket.id);
  const owner = thread.otherOwner(desk.self.id);
  // The menu's own face says the status.
  const hasMenu = rightsOn(ticket, desk).maySet && BY_HAND[ticket.status].length > 0;
  return (
    <header class="thread__top">
      <button
        type="button"
        class="button button--icon phone-only"
        aria-label={say.thread.back}
        onClick={() => desk.route.go({ ticket: null, pane: "list" })}
      >
        <Icon name="back" />
      </button>
      <div class="thread__who">
        <h2>
          <span dir="auto">{name}</span>
          {category && <span class="chip chip--info">{category}</span>}
        </h2>
        <p>
          {say.number(ticket.number)}
          {ticket.channel !== "chat" && ` · ${say.channels[ticket.channel]}`}
          {!hasMenu && ` · ${say.statuses[ticket.status]}`}
          {owner && ` · ${say.thread.answeredBy(owner.name)}`}
          {!ticket.reachable && ticket.status === "open" && ` · ${say.thread.unreachable}`}
          <When ticket={ticket} />
        </p>
      </div>
      <div class="thread__acts">
        <Acts ticket={ticket} />
        <button
          type="button"
          class="button button--icon narrow-only"
          aria-label={say.thread.details}
          onClick={() => desk.route.go({ ticket: ticket.id, pane: "visitor" })}
        >
          <Icon name="person" />
        </button>
      </div>
    </header>
  );
}
