/** The store: state, conversation and form put together, and what the views may do. */

import { clientId } from "../../client/conversation/ids";
import type { Letter } from "../../client/conversation/outbox";
import { empty } from "../../client/conversation/timeline";
import { OwnTyping } from "../../client/conversation/typing";
import { Announcer } from "../../client/dom/live_region";
import { LIMITS, type Message, type NewTicketDone, type Refusal, type Service } from "../../client/protocol";
import type { Reader } from "../../client/text/time_format";
import type { Wiring } from "../../client/transport/connection";
import { type Bridge, Memory } from "../bridge/bridge";
import type { HostPage, Kept, Prefill, ToFrame } from "../bridge/messages";
import { type Ears, type Identity, Talk } from "../conversation/session";
import type { Desk } from "../form/form_client";
import type { FrameConfig } from "../frame/config";
import type { Words } from "../locales/en";
import { followAll } from "./effects";
import { Changes } from "./observable";
import { type Kit, State } from "./state";

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

export class Store implements Ears {
  readonly changes = new Changes();
  readonly state = this.changes.watch(new State());
  readonly announcer = new Announcer((text) => {
    this.state.spoken = text;
  });
  readonly config: FrameConfig;
  readonly words: Words;
  readonly reader: Reader;
  readonly bridge: Pick<Bridge, "post">;
  readonly memory: Memory;
  readonly identity: Identity;
  readonly talk: Talk;
  /** Sends forms; here once the kit is. */
  desk: Desk | undefined;
  #around: Surroundings;
  #typing = new OwnTyping((on) => {
    const { ticket } = this.state;
    if (ticket?.status === "live") void this.talk.whisper("typing", { ticket: ticket.id, on });
  });
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #fetching = false;

  constructor(around: Surroundings) {
    const { config, words, bridge, init, wiring } = around;
    this.#around = around;
    this.config = config;
    this.words = words;
    this.bridge = bridge;
    this.reader = { locale: init.locale };
    this.memory = new Memory(bridge, init.kept);
    const shelf = this.memory.shelf();
    // Also that of first words or a form that were never answered: with another one they could be stored twice.
    const orphan = shelf.letters().find((letter) => letter.more?.token)?.more?.token as string | undefined;
    this.identity = { token: init.kept.token ?? orphan ?? init.kept.formToken, auth: () => this.#auth() };
    this.state.page = init.page;
    this.state.prefill = init.prefill;
    this.state.draft = init.prefill.text ?? init.kept.draft ?? "";
    this.talk = new Talk(this.state, this.identity, this, shelf, wiring);
    followAll(this);
    if (init.open) this.#open(true);
    else if (this.identity.token) this.talk.open();
  }

  // -- Ears: what the conversation tells

  started(): void {
    this.fire("start", { number: this.state.ticket?.number });
  }

  arrived({ author }: Message): void {
    if (author.kind === "agent") this.fire("message", { from: author.name });
  }

  serviceChanged(before: Service | null, now: Service): void {
    const { words, announcer, state } = this;
    // Said once, and only to somebody whose screen changes under their hands.
    if (!before || before.mode === now.mode || state.ticket) return;
    announcer.say(now.mode === "form" ? words.nowForm : words.nowChat);
  }

  refused(letter: Letter, why: Refusal): void {
    const { name, email, category, ...more } = letter.more ?? {};
    // Ended meanwhile: the same words begin a new conversation.
    if (why.code === "ticket_ended") this.#anew(letter);
    // What the page has prefilled may be nonsense; the visitor's words are not to suffer for it.
    else if (why.code === "bad_request" && (name || email || category)) this.talk.write({ ...letter, more });
    else this.#putBack(letter, why);
  }

  #anew(letter: Letter): void {
    if (letter.ticket === this.state.ticket?.id) this.turnAway();
    this.talk.write({ ...letter, ticket: null, more: this.#firstWords() });
  }

  /** Before what is being written meanwhile, so that neither is lost. */
  #putBack({ text }: Letter, { service }: Refusal): void {
    const { state } = this;
    if (service) {
      this.serviceChanged(state.service, service);
      state.service = service;
    } else state.notice = this.words.notSent;
    this.write(state.draft ? `${text}\n\n${state.draft}` : text);
  }

  // -- the form, when one is to be had

  fetchKit(): void {
    if (this.#fetching) return;
    this.#fetching = true;
    this.#around.kit().then(
      (kit) => this.#equip(kit),
      () =>
        setTimeout(() => {
          this.#fetching = false;
          this.fetchKit();
        }, KIT_AGAIN_MS),
    );
  }

  #equip(kit: Kit): void {
    const { state, talk, memory, words, config, identity, reader } = this;
    const sender = () => ({ site: config.key, token: identity.token, locale: reader.locale });
    const done = (answer: NewTicketDone) => this.#submitted(answer);
    this.desk = new kit.Desk(state, talk, memory, words, sender, done, this.#around.post);
    state.kit = kit;
  }

  #submitted({ ticket: { number }, token }: NewTicketDone): void {
    this.identity.token = token;
    this.announcer.say(this.words.formSent(number));
    this.fire("ticket", { number });
    this.talk.connection.again();
  }

  // -- what the views do

  send = (): void => {
    const { state, talk } = this;
    const text = state.draft.trim().normalize("NFC");
    if (!text || codePoints(text) > LIMITS.text_max) return;
    const letter = { client_id: clientId(), ticket: state.ticket?.id ?? null, text, at: Date.now() };
    this.#typing.stopped();
    state.notice = "";
    this.write("");
    talk.write(letter.ticket ? letter : { ...letter, more: this.#firstWords() });
  };

  write = (text: string): void => {
    const { state } = this;
    if (text === state.draft) return;
    state.draft = text;
    if (!state.form) this.#typing.typed(text);
    if (!text) clearTimeout(this.#keeping);
    // A timer that runs is left alone: whoever types without a pause is kept too.
    if (text && this.#keeping) return;
    this.#keeping = setTimeout(() => this.#keepDraft(), text ? DRAFT_KEPT_AFTER_MS : 0);
  };

  endChat = async (): Promise<void> => {
    const { state, talk } = this;
    const ack = state.ticket && (await talk.whisper("end_chat", { ticket: state.ticket.id }));
    if (ack?.ok) talk.learn(ack.ticket);
  };

  /** Leaves this ticket for a new conversation; nothing is told to the server before something is said. */
  turnAway = (): void => {
    const { state } = this;
    state.former = state.ticket?.id ?? null;
    state.ticket = null;
    state.line = empty("visitor");
  };

  close = (): void => this.bridge.post({ type: "close" });

  fire = (name: string, detail: unknown = {}): void => this.bridge.post({ type: "event", name, detail });

  #keepDraft(): void {
    this.#keeping = undefined;
    this.memory.keep({ draft: this.state.draft || undefined });
  }

  #firstWords(): Record<string, unknown> {
    const { name, email, category } = this.state.prefill;
    return { token: this.identity.token, name, email, category };
  }

  // -- what the loader says

  heard(message: ToFrame): void {
    if (message.type === "open" || message.type === "close") this.#open(message.type === "open");
    else if (message.type === "page") this.#moved(message.page);
    else if (message.type === "kept") this.#adopt(message.kept);
    else if (message.type === "prefill") this.#prefill(message.prefill);
  }

  #open(open: boolean): void {
    this.state.opened = open;
    if (open) this.talk.open();
    if (this.memory.kept.token || !open) this.memory.keep({ open: open || undefined });
  }

  #moved(page: HostPage): void {
    this.state.page = page;
  }

  /** Another tab has become somebody: here, where nothing has been said yet, we are the same. */
  #adopt(kept: Kept): void {
    const { memory, identity, state, talk } = this;
    memory.kept = kept;
    if (!kept.token || kept.token === identity.token || state.ticket || talk.outbox.letters.length) return;
    identity.token = kept.token;
    if (talk.connection.isWanted) talk.connection.again();
  }

  #prefill(fields: Prefill): void {
    this.state.prefill = { ...this.state.prefill, ...fields };
    if (fields.text !== undefined) this.write(fields.text);
  }

  #auth(): unknown {
    const { page } = this.state;
    this.identity.page = page;
    return {
      site: this.config.key,
      token: this.identity.token,
      locale: this.reader.locale,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      page: page.url ? page : undefined,
    };
  }
}

/** The limit counts code points after trimming, as the server does. */
export function codePoints(text: string): number {
  return Array.from(text.trim().normalize("NFC")).length;
}
