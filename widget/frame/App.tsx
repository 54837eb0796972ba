/** The panel: header, what has been said, and where to write. */

import { Writer } from "../conversation/Composer";
import { Log } from "../conversation/Log";
import { begin } from "../conversation/start_new_conversation";
import type { Store } from "../state/store";
import { Header } from "./Header";

export interface Props {
  store: Store;
}

export function App({ store }: Props) {
  const { state, words } = store;
  return (
    <main class="panel" tabIndex={-1}>
      <Header store={store} />
      <p class="statusbar" role="status">
        {linkInWords(store)}
      </p>
      {!state.form && <Log store={store} />}
      {state.over ? (
        <div class="over">
          <button type="button" class="button button--main" onClick={() => begin(store)}>
            {words.fresh}
          </button>
        </div>
      ) : (
        <Writer store={store} />
      )}
      <p class="unseen" role="status">
        {state.spoken}
      </p>
    </main>
  );
}

/** Nothing for the first 2 s without a link, so that a short gap does not flicker. */
function linkInWords({ state, words }: Store): string | null {
  if (state.unwanted) return words.unavailable;
  if (!state.cut || !state.opened) return null;
  return state.everUp ? words.offline : words.connecting;
}
