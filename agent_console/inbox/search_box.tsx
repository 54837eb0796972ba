/** The search box and the results. */

import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Icon } from "../ui/icon";
import { CardRow } from "./card_row";

export function SearchBox() {
  const { search } = useConsole();
  const t = texts.value.list;
  return (
    <search class="search-box">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        aria-label={t.search}
        placeholder={t.searchShort}
        autocomplete="off"
        spellcheck={false}
        value={search.q.value}
        maxLength={200}
        onInput={(event) => search.type(event.currentTarget.value)}
        aria-keyshortcuts="Control+K"
      />
      {search.phase.value === "off" ? (
        <span class="key" aria-hidden="true">
          {texts.value.shortcutsDialog.keys.ctrl} K
        </span>
      ) : (
        <button type="button" class="button button--icon" aria-label={t.clear} onClick={search.clear}>
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}

export function Results() {
  const { search, actions } = useConsole();
  const t = texts.value.list;
  const { value: phase } = search.phase;
  const nothing = phase === "done" && search.cards.value.length === 0;
  return (
    <section aria-labelledby="results" aria-busy={phase === "asking"}>
      <h3 class="lists__head" id="results">
        {t.results}
      </h3>
      <ul class="lists__rows">
        {search.cards.value.map((card) => (
          <CardRow key={card.ticket} card={card} list="found" position={0} />
        ))}
      </ul>
      <p class="lists__empty" role="status">
        {nothing && t.noResults(search.q.value.trim())}
        {phase === "failed" && t.searchFailed}
      </p>
      {phase === "failed" && (
        <button type="button" class="button button--quiet lists__more" onClick={() => void search.retry()}>
          {texts.value.retry}
        </button>
      )}
      {search.next.value && (
        <button
          type="button"
          class="button button--quiet lists__more"
          onClick={() => void search.more().catch((error) => actions.reportError(error))}
        >
          {texts.value.more}
        </button>
      )}
    </section>
  );
}
