/** The store: state, conversation and form put together, and what the views may do. */
import { Announcer } from "../client/announce";
import { clientId } from "../client/ids";
import type { Letter } from "../client/outbox";
import { LIMITS, type Message, type NewTicketDone, type Refusal, type Service } from "../client/protocol";
import type { Wiring } from "../client/socket";
import type { Reader } from "../client/time";
import { empty } from "../client/timeline";
import { OwnTyping } from "../client/typing";
import { type Bridge, Memory } from "./bridge";
import { Changes } from "./changes";
import type { FrameConfig } from "./config";
import type { Desk } from "./desk";
import type { Words } from "./locales/en";
import type { Badge, Kept, ToFrame } from "./messages";
import { queueInWords } from "./queue";
import { type Kit, State } from "./state";
import { Talk } from "./talk";

const DRAFT_KEPT_AFTER_MS = 400;
const KIT_AGAIN_MS = 5_000;

export interface Surroundings {
  config: FrameConfig;
  words: Words;
  bridge: Pick<Bridge, "post">;
  init: Extract<ToFrame, { type: "init" }>;
  wiring: Pick<Wiring, "url" | "dial" | "fallback">;
  kit: () => Promise<Kit>;
  post?: typeof fetch;
}

export type Store = ReturnType<typeof createStore>;

export function createStore({ config, words, bridge, init, wiring, kit, post }: Surroundings) {
  const changes = new Changes();
  const state = changes.watch(new State());
  const memory = new Memory(bridge, init.kept);
  const reader: Reader = { locale: init.locale };
  const fire = (name: string, detail: unknown = {}) => bridge.post({ type: "event", name, detail });

  const orphan = memory
    .shelf()
    .letters()
    .find((letter) => letter.more?.token);
  const identity = {
    // The token of first words that were never acknowledged: with another one they could be stored twice.
    token: init.kept.token ?? (orphan?.more?.token as string | undefined),
    auth: () => ({
      site: config.key,
      token: identity.token,
      locale: init.locale,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      page: state.page.url ? state.page : undefined,
    }),
  };

  const announcer = new Announcer((text) => {
    state.spoken = text;
  });
  const talk = new Talk(
    state,
    identity,
    { started, arrived, serviceChanged, refused },
    memory.shelf(),
    wiring,
  );
  let desk: Desk | undefined;
  const typing = new OwnTyping((on) => {
    const ticket = state.ticket;
    if (ticket?.status === "live") void talk.whisper("typing", { ticket: ticket.id, on });
  });

  state.page = init.page;
  state.prefill = init.prefill;
  state.draft = init.prefill.text ?? init.kept.draft ?? "";

  // -- what the conversation tells

  function started(): void {
    memory.keep({ token: identity.token, live: true, open: state.opened || undefined });
    fire("start", { number: state.ticket?.number });
  }

  function arrived(message: Message): void {
    if (message.author.kind === "agent") fire("message", { from: message.author.name });
  }

  function serviceChanged(before: Service | null, now: Service): void {
    // Said once, and only to somebody whose screen changes under their hands.
    if (!before || before.mode === now.mode || state.ticket) return;
    announcer.say(now.mode === "form" ? words.nowForm : words.nowChat);
  }

  function refused(letter: Letter, why: Refusal): void {
    if (why.code === "ticket_ended") anew(letter);
    else putBack(letter, why);
  }

  function putBack(letter: Letter, why: Refusal): void {
    if (why.service) {
      const before = state.service;
      state.service = why.service;
      serviceChanged(before, why.service);
    } else state.notice = words.notSent;
    // Before what is being written meanwhile, so that neither is lost.
    const rest = state.draft;
    state.draft = rest ? `${letter.text}\n\n${rest}` : letter.text;
  }

  /** The ticket has ended meanwhile: the same words begin a new conversation. */
  function anew(letter: Letter): void {
    if (letter.ticket === state.ticket?.id) turnAway();
    talk.write({ ...letter, ticket: null, more: firstWords() });
  }

  function turnAway(): void {
    state.former = state.ticket?.id ?? null;
    state.ticket = null;
    state.line = empty("visitor");
  }

  /** A fresh start, asked for: to where one writes, for the button that was pressed is gone. */
  function begin(): void {
    turnAway();
    changes.settle();
    document.getElementById("text")?.focus();
  }

  const firstWords = () => {
    const { name, email, category } = state.prefill;
    return { token: identity.token, name, email, category };
  };

  // -- the form, when one is to be had

  let fetching = false;
  async function fetchKit(): Promise<void> {
    fetching = true;
    const loaded = await kit().catch(() => undefined);
    if (loaded) {
      desk = new loaded.Desk(state, talk, memory, words, sender, submitted, post);
      state.kit = loaded;
    } else setTimeout(fetchKit, KIT_AGAIN_MS);
  }

  const sender = () => ({ site: config.key, token: identity.token, locale: init.locale });

  function submitted({ ticket, token }: NewTicketDone): void {
    identity.token = token;
    announcer.say(words.formSent(ticket.number));
    fire("ticket", { number: ticket.number });
    talk.connection.again();
  }

  // -- what the views do

  function send(): boolean {
    const text = state.draft.trim().normalize("NFC");
    if (!text || codePoints(text) > LIMITS.text_max) return false;
    const ticket = state.ticket?.id ?? null;
    const letter = { client_id: clientId(), ticket, text, at: Date.now() };
    typing.stopped();
    state.notice = "";
    write("");
    talk.write(ticket ? letter : { ...letter, more: firstWords() });
    return true;
  }

  let keeping: ReturnType<typeof setTimeout> | undefined;
  function write(text: string): void {
    if (text === state.draft) return;
    state.draft = text;
    if (!state.form) typing.typed(text);
    clearTimeout(keeping);
    keeping = setTimeout(() => memory.keep({ draft: text || undefined }), text ? DRAFT_KEPT_AFTER_MS : 0);
  }

  function endChat(): void {
    const ticket = state.ticket;
    if (!ticket) return;
    talk.connection.ask("end_chat", { ticket: ticket.id }).then(
      (ack) => ack.ok && talk.learn(ack.ticket),
      () => undefined,
    );
  }

  // -- what the loader says

  function heard(message: ToFrame): void {
    if (message.type === "open") setOpen(true);
    else if (message.type === "close") setOpen(false);
    else if (message.type === "page") setPage(message.page);
    else if (message.type === "kept") adopt(message.kept);
    else if (message.type === "prefill") prefill(message.prefill);
  }

  function setOpen(open: boolean): void {
    state.opened = open;
    if (open) talk.open();
    if (memory.kept.token) memory.keep({ open: open || undefined });
  }

  function setPage(page: typeof init.page): void {
    state.page = page;
    if (state.up) void talk.whisper("set_page", { url: page.url, title: page.title });
  }

  /** Another tab has become somebody: here, where nothing has been said yet, we are the same. */
  function adopt(kept: Kept): void {
    memory.kept = kept;
    if (!kept.token || kept.token === identity.token || state.ticket || talk.outbox.letters.length) return;
    identity.token = kept.token;
    if (talk.connection.isWanted) talk.connection.again();
  }

  function prefill(fields: typeof init.prefill): void {
    state.prefill = { ...state.prefill, ...fields };
    if (fields.text !== undefined) write(fields.text);
  }

  // -- what follows by itself, after every change: each tells only what is new

  const follow = (follower: () => void) => changes.follow(follower);
  const told = <T>(tell: (value: T) => void) => {
    let before: string | undefined;
    return (value: T) => {
      const now = JSON.stringify(value);
      if (now !== before) tell(value);
      before = now;
    };
  };
  follow(() => {
    const last = state.unread.at(-1);
    if (last && state.opened && state.visible && state.atEnd && state.up) talk.markRead(last.seq);
  });
  follow(() => {
    if (state.asked && !fetching) void fetchKit();
  });
  const badge = told((news: Badge) => bridge.post({ type: "badge", ...news }));
  follow(() => {
    const { length: count, [count - 1]: last } = state.unread;
    badge({
      count,
      label: count ? words.openWith(count) : words.open,
      title: words.newMessages(count),
      preview: last ? { text: last.text.slice(0, 160), who: `${last.author.name} · ${words.justNow}` } : null,
    });
  });
  follow(() => {
    const ticket = state.ticket;
    if (ticket?.status === "live" && !ticket.agent) announcer.sayCalmly(queueInWords(ticket, words));
    else announcer.hush();
  });
  const live = told((now: boolean) => {
    memory.keep({ live: now || undefined });
    if (!now) fire("ended");
  });
  follow(() => {
    const status = state.ticket?.status;
    if (status && memory.kept.token) live(status !== "solved" && status !== "closed");
  });
  const seen = told((on: boolean) => void talk.whisper("set_visible", { on }));
  follow(() => {
    if (state.up) seen(state.visible);
  });

  if (init.kept.token || orphan || init.open) talk.open();
  if (init.open) setOpen(true);

  const close = () => bridge.post({ type: "close" });

  return {
    close,
    state,
    changes,
    config,
    words,
    reader,
    announcer,
    talk,
    desk: () => desk,
    send,
    write,
    endChat,
    begin,
    heard,
  };
}

/** The limit counts code points after trimming, as the server does. */
export function codePoints(text: string): number {
  return Array.from(text.trim().normalize("NFC")).length;
}
