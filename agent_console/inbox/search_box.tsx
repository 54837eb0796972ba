/** The search box, and what it found in all tickets. */

import { useDesk } from "../app/console";
import { words } from "../app/preferences";
import { Icon } from "../ui/icon";
import { CardRow } from "./card_row";

export function SearchBox() {
  const { search } = useDesk();
  const say = words.value.list;
  return (
    <search class="find">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        aria-label={say.search}
        placeholder={say.searchShort}
        autocomplete="off"
        spellcheck={false}
        value={search.q.value}
        maxLength={200}
        onInput={(event) => search.type(event.currentTarget.value)}
        aria-keyshortcuts="Control+K"
      />
      {search.phase.value === "off" ? (
        <span class="key" aria-hidden="true">
          {words.value.sheet.keys.ctrl} K
        </span>
      ) : (
        <button type="button" class="button button--icon" aria-label={say.clear} onClick={search.clear}>
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}

export function Results() {
  const { search, actions } = useDesk();
  const say = words.value.list;
  const { value: phase } = search.phase;
  const nothing = phase === "done" && search.cards.value.length === 0;
  return (
    <section aria-labelledby="results" aria-busy={phase === "asking"}>
      <h3 class="lists__head" id="results">
        {say.results}
      </h3>
      <ul class="lists__rows">
        {search.cards.value.map((card) => (
          <CardRow key={card.ticket} card={card} list="found" place={0} />
        ))}
      </ul>
      <p class="lists__empty" role="status">
        {nothing && say.noResults(search.q.value.trim())}
        {phase === "failed" && say.searchFailed}
      </p>
      {phase === "failed" && (
        <button type="button" class="button button--quiet lists__more" onClick={() => void search.again()}>
          {words.value.retry}
        </button>
      )}
      {search.next.value && (
        <button
          type="button"
          class="button button--quiet lists__more"
          onClick={() => void search.more().catch((error) => actions.fail(error))}
        >
          {words.value.more}
        </button>
      )}
    </section>
  );
}
