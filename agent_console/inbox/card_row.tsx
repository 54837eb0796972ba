/** One line of the inbox: who, the last words, and the one thing that matters in that list. */
import type { Card } from "../../client/protocol";
import { type Desk, useDesk } from "../app/console";
import { reader, words } from "../app/preferences";
import { pathOf } from "../app/router";
import { Avatar } from "../ui/avatar";
import { categoryName, previewOf, visitorName } from "../ui/labels";
import { Ticking } from "../ui/live_time";
import { due, elapsed, stamp } from "../ui/time_format";
import type { List } from "./inbox";

/** Longer than this without an answer is worth a colour. */
const CALM_MS = 40_000;

interface RowProps {
  card: Card;
  list: List | "found";
  place: number;
}

function Waiting({ since }: { since: string }) {
  const late = (now: number) => now - Date.parse(since) > CALM_MS;
  return (
    <Ticking
      kind="row__time"
      look={(now) => (late(now) ? "row__time--late" : "")}
      say={(now) => `${words.value.list.waits} ${elapsed(since, now, words.value)}`}
    />
  );
}

function Time({ card }: Pick<RowProps, "card">) {
  if (card.status === "live" && card.waiting_since) return <Waiting since={card.waiting_since} />;
  if (card.due && (card.status === "open" || card.status === "on_hold")) {
    const passed = Date.parse(card.due) < Date.now();
    const kind = `row__time${passed ? " row__time--bad" : ""}`;
    return <span class={kind}>{due(card.due, reader.value, words.value, Date.now())}</span>;
  }
  return <span class="row__time">{stamp(card.updated_at, reader.value, Date.now())}</span>;
}

type Mark = { kind: "unread" | "place" | "plain"; text: string; label?: string } | null;

function markOf({ card, list, place }: RowProps, desk: Desk): Mark {
  const say = words.value.list;
  if (desk.actions.goodbyes.waiting.value.has(card.ticket)) return { kind: "plain", text: say.ending };
  if (list === "waiting") return { kind: "place", text: say.place(place) };
  if (card.unread > 0 && card.agent?.id === desk.self.id)
    return { kind: "unread", text: String(card.unread), label: say.unread(card.unread) };
  if (desk.drafts.waits(card.ticket)) return { kind: "plain", text: say.draft };
  if (list === "found") return { kind: "plain", text: words.value.statuses[card.status] };
  if (card.status === "live") return card.visitor === "gone" ? { kind: "plain", text: say.gone } : null;
  return list === "mine" ? { kind: "plain", text: words.value.statuses[card.status] } : null;
}

/** A number that means nothing when it is read out without its word. */
function Spoken({ kind, aloud, shown }: { kind: string; aloud: string; shown: string }) {
  return (
    <span class={kind}>
      <span class="unseen">{aloud}</span>
      <span aria-hidden="true">{shown}</span>
    </span>
  );
}

function MarkView({ mark }: { mark: NonNullable<Mark> }) {
  const kind = `row__mark row__mark--${mark.kind}`;
  if (mark.label) return <Spoken kind={kind} aloud={mark.label} shown={mark.text} />;
  return <span class={kind}>{mark.text}</span>;
}

function lastLine(card: Card, list: RowProps["list"], me: string): string {
  const preview = previewOf(card, me, words.value);
  const category = categoryName(card.category, words.value);
  return list === "open" && category ? `${category} · ${preview}` : preview;
}

const DOTS = { here: "on", hidden: "half", gone: undefined } as const;

export function CardRow(props: RowProps) {
  const desk = useDesk();
  const { card, list } = props;
  const name = visitorName(card, words.value);
  const mark = markOf(props, desk);
  const open = desk.route.place.value.ticket === card.ticket;
  const strong = list === "waiting" || (card.unread > 0 && card.agent?.id === desk.self.id);
  const faded = list === "mine" && card.status === "live" && card.visitor === "gone";
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    desk.actions.open(card.ticket);
    // Opened by key the answer is next; a tap on a phone must not bring the keyboard up.
    if (event.detail === 0) desk.actions.write(card.ticket);
  };
  return (
    <li>
      <a
        class={`row${strong ? " row--strong" : ""}${faded ? " row--faded" : ""}`}
        data-row
        href={pathOf({ ticket: card.ticket, pane: "thread" })}
        aria-current={open ? "page" : undefined}
        onClick={go}
      >
        {list === "open" ? (
          <Spoken kind="row__number" aloud={words.value.number(card.number)} shown={String(card.number)} />
        ) : (
          <Avatar name={name} dot={card.status === "live" ? DOTS[card.visitor] : undefined} />
        )}
        <span class="row__name" dir="auto">
          {name}
        </span>
        {card.status === "live" && card.visitor !== "gone" && (
          <span class="unseen">{words.value.list[card.visitor]}</span>
        )}
        <Time card={card} />
        <span class="row__last" dir="auto">
          {lastLine(card, list, desk.self.id)}
        </span>
        {mark && <MarkView mark={mark} />}
      </a>
    </li>
  );
}
