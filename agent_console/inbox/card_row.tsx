/** One card of the inbox: the visitor, the last message and one badge. */
import type { Card } from "../../client/protocol/agent";
import { type AgentConsole, useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";
import { Avatar } from "../ui/avatar";
import { categoryName, previewText, visitorName } from "../ui/labels";
import { LiveTime } from "../ui/live_time";
import { cardTime, dueText, elapsed } from "../ui/time_format";
import type { ListName } from "./inbox";

/** After this wait without an answer the time is coloured. */
const CALM_MS = 40_000;

interface RowProps {
  card: Card;
  /** "listed": it may be anybody's. */
  list: ListName | "listed";
  position: number;
}

function Waiting({ since }: { since: string }) {
  const late = (now: number) => now - Date.parse(since) > CALM_MS;
  return (
    <LiveTime
      kind="card-row__time"
      extraClass={(now) => (late(now) ? "card-row__time--late" : "")}
      text={(now) => `${texts.value.list.waitingFor} ${elapsed(since, now, texts.value)}`}
    />
  );
}

function Time({ card }: Pick<RowProps, "card">) {
  if (card.status === "live" && card.waiting_since) return <Waiting since={card.waiting_since} />;
  if (card.due && card.status !== "live") {
    const passed = Date.parse(card.due) < Date.now();
    const kind = `card-row__time${passed ? " card-row__time--bad" : ""}`;
    return <span class={kind}>{dueText(card.due, timeLocale.value, texts.value, Date.now())}</span>;
  }
  return <span class="card-row__time">{cardTime(card.updated_at, timeLocale.value, Date.now())}</span>;
}

type Badge = { kind: "unread" | "position" | "plain"; text: string; label?: string } | null;

function badgeOf({ card, list, position }: RowProps, agentConsole: AgentConsole): Badge {
  const t = texts.value.list;
  if (agentConsole.actions.delayedEnds.pending.value.has(card.ticket))
    return { kind: "plain", text: t.ending };
  if (list === "waiting") return { kind: "position", text: t.position(position) };
  if (card.unread > 0 && card.agent?.id === agentConsole.self.id)
    return { kind: "unread", text: String(card.unread), label: t.unread(card.unread) };
  if (agentConsole.drafts.hasReply(card.ticket)) return { kind: "plain", text: t.draft };
  if (list === "listed") {
    const owner = card.status === "live" && card.agent?.id !== agentConsole.self.id && card.agent?.name;
    return { kind: "plain", text: owner || texts.value.statuses[card.status] };
  }
  if (card.status === "live") return card.visitor === "gone" ? { kind: "plain", text: t.gone } : null;
  return list === "mine" ? { kind: "plain", text: texts.value.statuses[card.status] } : null;
}

/** A number with a text for screen readers, for the number alone says nothing. */
function ScreenReaderText({ kind, spokenText, shown }: { kind: string; spokenText: string; shown: string }) {
  return (
    <span class={kind}>
      <span class="visually-hidden">{spokenText}</span>
      <span aria-hidden="true">{shown}</span>
    </span>
  );
}

function BadgeView({ badge }: { badge: NonNullable<Badge> }) {
  const kind = `card-row__badge card-row__badge--${badge.kind}`;
  if (badge.label) return <ScreenReaderText kind={kind} spokenText={badge.label} shown={badge.text} />;
  return <span class={kind}>{badge.text}</span>;
}

function lastMessageText(
  card: Card,
  list: RowProps["list"],
  { self, presence }: Pick<AgentConsole, "self" | "presence">,
): string {
  const preview = previewText(card, self.id, presence.team.value, texts.value);
  const category = categoryName(card.category, texts.value);
  return list === "open" && category ? `${category} · ${preview}` : preview;
}

const DOTS = { here: "on", hidden: "half", gone: undefined } as const;

export function CardRow(props: RowProps) {
  const agentConsole = useConsole();
  const { card, list } = props;
  const name = visitorName(card, texts.value);
  const badge = badgeOf(props, agentConsole);
  const open = agentConsole.router.ticket.value === card.ticket;
  const strong = list === "waiting" || (card.unread > 0 && card.agent?.id === agentConsole.self.id);
  const faded = list === "mine" && card.status === "live" && card.visitor === "gone";
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    agentConsole.actions.open(card.ticket);
    // Opened by keyboard it moves the focus to the composer; a tap on a phone must not open the keyboard.
    if (event.detail === 0) agentConsole.actions.focusComposer(card.ticket);
  };
  return (
    <li>
      <a
        class={`card-row${strong ? " card-row--strong" : ""}${faded ? " card-row--faded" : ""}`}
        data-row
        href={agentConsole.router.pathOfTicket(card.ticket)}
        aria-current={open ? "page" : undefined}
        onClick={go}
      >
        {list === "open" ? (
          <ScreenReaderText
            kind="card-row__number"
            spokenText={texts.value.number(card.number)}
            shown={String(card.number)}
          />
        ) : (
          <Avatar
            id={card.ticket}
            name={name}
            dot={card.status === "live" ? DOTS[card.visitor] : undefined}
          />
        )}
        <span class="card-row__name" dir="auto">
          {name}
        </span>
        {card.status === "live" && card.visitor !== "gone" && (
          <span class="visually-hidden">{texts.value.list[card.visitor]}</span>
        )}
        <Time card={card} />
        <span class="card-row__preview" dir="auto">
          {lastMessageText(card, list, agentConsole)}
        </span>
        {badge && <BadgeView badge={badge} />}
      </a>
    </li>
  );
}
