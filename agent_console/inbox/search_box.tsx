/** The search box. */

import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Icon } from "../ui/icon";

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
