/** The left column: tools, search, the switch of lists and the list that it shows. */
import { useState } from "preact/hooks";
import { type AgentConsole, useConsole } from "../app/console";
import { texts } from "../app/preferences";
import type { ViewProps } from "../app/view";
import { CardRow } from "./card_row";
import { LISTS, type ListName } from "./inbox";
import { Results, TeamList } from "./listing_section";
import { SearchBox } from "./search_box";
import { ViewSwitch } from "./view_switch";

/** Why a list is empty. For one's own conversations: what has to happen before the next one comes. */
function emptyText(list: ListName, { presence, service }: AgentConsole): string {
  const t = texts.value.list;
  if (list === "waiting") return t.nobodyWaits;
  if (list === "open") return t.nothingOpen;
  if (service.closed.value) return t.nothingMineClosed;
  return presence.choice.value === "available" ? t.nothingMineAvailable : t.nothingMine;
}

function MoreButton({ list }: { list: ListName }) {
  const { inbox, actions } = useConsole();
  const [busy, setBusy] = useState(false);
  if (!inbox.hasMore(list)) return null;
  const load = () => {
    setBusy(true);
    inbox
      .more(list)
      .catch((error) => actions.reportError(error))
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" class="button button--quiet lists__more" disabled={busy} onClick={load}>
      {texts.value.more}
    </button>
  );
}

function ListSection({ list }: { list: ListName }) {
  const agentConsole = useConsole();
  const { inbox } = agentConsole;
  const t = texts.value.list;
  const cards = inbox.lists.value[list];
  return (
    <section aria-labelledby={`list-${list}`}>
      <h3 class="lists__head" id={`list-${list}`}>
        {t[list]}
        <span>{inbox.loaded.value ? inbox.counts.value[list] : ""}</span>
      </h3>
      <ul class="lists__rows">
        {cards.map((card, position) => (
          <CardRow key={card.ticket} card={card} list={list} position={position + 1} />
        ))}
      </ul>
      {inbox.loaded.value && cards.length === 0 && (
        <p class="lists__empty">{emptyText(list, agentConsole)}</p>
      )}
      <MoreButton list={list} />
    </section>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={texts.value.loading}>
      {[1, 2, 3, 4].map((row) => (
        <i key={row} />
      ))}
    </div>
  );
}

/** One's own three lists, or the list beside them that is chosen; while searching the results. */
function Content() {
  const { inbox, search, teamViews } = useConsole();
  if (search.phase.value !== "off") return <Results />;
  if (teamViews.shown.value) return <TeamList view={teamViews.shown.value} />;
  if (!inbox.loaded.value) return <Skeleton />;
  return LISTS.map((list) => <ListSection key={list} list={list} />);
}

export function Lists({ tools, banners }: ViewProps) {
  return (
    <section class="lists" aria-labelledby="lists-title">
      <header class="lists__header">
        <h2 class="visually-hidden" id="lists-title">
          {texts.value.list.title}
        </h2>
        {tools}
      </header>
      <SearchBox />
      {banners}
      <ViewSwitch />
      <div class="lists__scroll">
        <Content />
      </div>
    </section>
  );
}
