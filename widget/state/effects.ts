/** What follows by itself after every change of the state: each tells only what is new. */
import { queueInWords } from "../conversation/queue_text";
import type { Store } from "./store";

export function followAll(store: Store): void {
  const followers = [markRead, fetchKit, announceQueue, rememberVisitor, forgetForm, tellPage];
  const tellers = [badge(store), live(store), visible(store)];
  for (const follower of followers) store.changes.follow(() => follower(store));
  for (const teller of tellers) store.changes.follow(teller);
}

/** Read is what is really seen: panel open, tab visible, the end of the log in view. */
function markRead({ state, talk }: Store): void {
  const last = state.unread.at(-1);
  if (last && state.opened && state.visible && state.atEnd && state.up) talk.markRead(last.seq);
}

function fetchKit(store: Store): void {
  if (store.state.asked) store.fetchKit();
}

function announceQueue({ state: { ticket }, announcer, words }: Store): void {
  if (ticket?.status === "live" && !ticket.agent) announcer.sayCalmly(queueInWords(ticket, words));
  else announcer.hush();
}

/** Somebody with a ticket is somebody the server has written down: only now is there anything to remember. */
function rememberVisitor({ state, memory, identity: { token } }: Store): void {
  if (state.ticket && memory.kept.token !== token) memory.keep({ token, open: state.opened || undefined });
}

/** A form whose answer got lost with its page is found again by its token: what it said need not be said again. */
function forgetForm({ state, memory, write }: Store): void {
  if (!state.ticket || !memory.kept.form || state.busy) return;
  memory.keep({ form: undefined, formToken: undefined });
  const draft = state.draft.trim().normalize("NFC");
  if (state.line.messages.some((one) => one.text === draft)) write("");
}

/** Connecting tells the page; one that has changed since, be it before hello is answered, is told as soon as it can be. */
function tellPage({ state: { up, page }, identity, talk }: Store): void {
  if (!up || page === identity.page) return;
  identity.page = page;
  void talk.whisper("set_page", { url: page.url, title: page.title });
}

function badge({ state, bridge, words }: Store): () => void {
  return told(
    () => {
      const { length: count, [count - 1]: last } = state.unread;
      const label = count ? words.openWith(count) : words.open;
      const preview = last && {
        text: last.text.slice(0, 160),
        who: `${last.author.name} · ${words.justNow}`,
      };
      return { count, label, title: words.newMessages(count), preview: preview ?? null };
    },
    (news) => bridge.post({ type: "badge", ...news }),
  );
}

/** Whether the next page is to mount the frame by itself. */
function live({ state, memory, fire }: Store): () => void {
  return told(
    () => {
      const status = memory.kept.token && state.ticket?.status;
      return status ? status !== "solved" && status !== "closed" : undefined;
    },
    (now, before) => {
      if (now !== undefined) memory.keep({ live: now || undefined });
      if (before && now === false) fire("ended");
    },
  );
}

function visible({ state, talk }: Store): () => void {
  return told(
    () => state.up && [state.visible],
    (now) => now && void talk.whisper("set_visible", { on: now[0] ?? true }),
  );
}

function told<T>(read: () => T, tell: (now: T, before: T | undefined) => void): () => void {
  let before: T | undefined;
  return () => {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    const then = before;
    before = now;
    tell(now, then);
  };
}
