/** A list that the server pages: the results of the search, or a list beside one's own. */
import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { CardRow } from "./card_row";
import type { Listing } from "./listing";
import type { ViewName } from "./team_views";

interface ListingSectionProps {
  listing: Pick<Listing, "phase" | "cards" | "next" | "load" | "more">;
  title: string;
  empty: string;
  failed: string;
}

/** How many cards there are, as far as it is known. */
function Count({ listing: { phase, cards, next } }: Pick<ListingSectionProps, "listing">) {
  if (phase.value !== "done") return null;
  return (
    <span>
      {cards.value.length}
      {next.value !== null && "+"}
    </span>
  );
}

export function ListingSection({ listing, title, empty, failed }: ListingSectionProps) {
  const { actions } = useConsole();
  const { value: phase } = listing.phase;
  const nothing = phase === "done" && listing.cards.value.length === 0;
  return (
    <section aria-labelledby="listing" aria-busy={phase === "asking"}>
      <h3 class="lists__head" id="listing">
        {title}
        <Count listing={listing} />
      </h3>
      <ul class="lists__rows">
        {listing.cards.value.map((card) => (
          <CardRow key={card.ticket} card={card} list="listed" position={0} />
        ))}
      </ul>
      <p class="lists__empty" role="status">
        {nothing && empty}
        {phase === "failed" && failed}
      </p>
      {phase === "failed" && (
        <button type="button" class="button button--quiet lists__more" onClick={() => void listing.load()}>
          {texts.value.retry}
        </button>
      )}
      {listing.next.value !== null && (
        <button
          type="button"
          class="button button--quiet lists__more"
          onClick={() => void listing.more().catch((error) => actions.reportError(error))}
        >
          {texts.value.more}
        </button>
      )}
    </section>
  );
}

export function Results() {
  const { search } = useConsole();
  const t = texts.value.list;
  const empty = t.noResults(search.q.value.trim());
  return <ListingSection listing={search} title={t.results} empty={empty} failed={t.searchFailed} />;
}

export function TeamList({ view }: { view: ViewName }) {
  const { teamViews } = useConsole();
  const { views, viewEmpty, listFailed } = texts.value.list;
  const listing = teamViews.listing(view);
  return <ListingSection listing={listing} title={views[view]} empty={viewEmpty[view]} failed={listFailed} />;
}
