/** What happens after every change of the state. Each effect acts only on what has changed. */
import type { Announcer } from "../../client/dom/live_region";
import { FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import { cutText, normalizeText } from "../../client/text/message_text";
import type { Bridge, HostStorage } from "../bridge/bridge";
import { queueText } from "../conversation/queue_text";
import type { Identity, VisitorSession } from "../conversation/session";
import type { Texts } from "../locales/en";
import type { Observable } from "./observable";
import type { State } from "./state";

/** The part of the store that the effects use. */
interface EffectContext {
  readonly observable: Observable;
  readonly state: State;
  readonly session: Pick<VisitorSession, "markRead" | "sendBestEffort">;
  readonly announcer: Announcer;
  readonly storage: HostStorage;
  readonly identity: Identity;
  readonly bridge: Pick<Bridge, "post">;
  readonly texts: Texts;
  write(text: string): void;
  fire(name: string): void;
}

export function startEffects(store: EffectContext): void {
  const effects = [markRead, announceQueue, saveToken, clearStoredForm, sendPage];
  const watchers = [badge(store), live(store), visible(store)];
  for (const effect of effects) store.observable.effect(() => effect(store));
  for (const watcher of watchers) store.observable.effect(watcher);
}

/** A message counts as read if the panel is open, the tab visible and the end of the log in view. */
function markRead({ state, session }: EffectContext): void {
  const last = state.unread.at(-1);
  if (last && state.opened && state.visible && state.atEnd && state.connected) session.markRead(last.seq);
}

function announceQueue({ state: { ticket }, announcer, texts }: EffectContext): void {
  if (ticket?.status === "live" && !ticket.agent) announcer.announceThrottled(queueText(ticket, texts));
  else announcer.cancel();
}

/** With a ticket the visitor exists on the server: only now is their token worth storing. */
function saveToken({ state, storage, identity: { token } }: EffectContext): void {
  if (state.ticket && storage.stored.token !== token)
    storage.save({ token, open: state.opened || undefined });
}

/**
 * The ack of a form may get lost with its page; then its token finds the ticket. The draft is cleared if it was
 * stored.
 */
function clearStoredForm({ state, storage, write }: EffectContext): void {
  if (!state.ticket || !storage.stored.form || state.busy) return;
  storage.save({ form: undefined, formToken: undefined });
  const draft = normalizeText(state.draft);
  if (state.timeline.messages.some((one) => one.text === draft)) write("");
}

/** The connection's auth carries the page. A page that has changed since is sent as soon as hello is answered. */
function sendPage({ state: { connected, page }, identity, session }: EffectContext): void {
  if (!connected || page === identity.page) return;
  identity.page = page;
  void session.sendBestEffort("set_page", { url: page.url, title: page.title });
}

function badge({ state, bridge, texts }: EffectContext): () => void {
  return whenChanged(
    () => {
      const { length: count, [count - 1]: last } = state.unread;
      const label = count ? texts.openWith(count) : texts.open;
      const preview = last && {
        text: cutText(last.text, 160),
        author: `${last.author.name} · ${texts.justNow}`,
      };
      return { count, label, title: texts.newMessages(count), preview: preview ?? null };
    },
    (news) => bridge.post({ type: "badge", ...news }),
  );
}

/** Stores whether the next page mounts the frame by itself. */
function live({ state, storage, fire }: EffectContext): () => void {
  return whenChanged(
    () => {
      const status = storage.stored.token && state.ticket?.status;
      return status ? !FINISHED_STATUSES.includes(status) : undefined;
    },
    (now, before) => {
      if (now !== undefined) storage.save({ live: now || undefined });
      if (before && now === false) fire("ended");
    },
  );
}

function visible({ state, session }: EffectContext): () => void {
  return whenChanged(
    () => state.connected && [state.visible],
    (now) => now && void session.sendBestEffort("set_visible", { on: now[0] ?? true }),
  );
}

function whenChanged<T>(read: () => T, onChange: (now: T, before: T | undefined) => void): () => void {
  let before: T | undefined;
  return () => {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    const then = before;
    before = now;
    onChange(now, then);
  };
}
