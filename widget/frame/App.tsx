/** The panel: header, log and composer. */

import { Composer } from "../conversation/Composer";
import { Log } from "../conversation/Log";
import { startNewConversation } from "../conversation/start_new_conversation";
import type { ViewContext, ViewProps } from "../state/view_context";
import { Header } from "./Header";

export function App({ store }: ViewProps) {
  const { state, texts } = store;
  return (
    <main class="panel" tabIndex={-1}>
      <Header store={store} />
      <p class="statusbar" role="status">
        {connectionText(store)}
      </p>
      {!state.form && <Log store={store} />}
      {state.ended ? (
        <div class="ended">
          <button type="button" class="button button--main" onClick={() => startNewConversation(store)}>
            {texts.newConversation}
          </button>
        </div>
      ) : (
        <Composer store={store} />
      )}
      <p class="visually-hidden" role="status">
        {state.announcement}
      </p>
    </main>
  );
}

/** Null for the first 2 s without a connection, so that a short gap does not flicker. */
function connectionText({ state, texts }: ViewContext): string | null {
  if (state.refused) return texts.unavailable;
  if (!state.offline || !state.opened) return null;
  return state.everConnected ? texts.offline : texts.connecting;
}
