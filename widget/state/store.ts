/** The store: connects state, session, form and bridge, and has the functions that the views call. */

import { clientId } from "../../client/conversation/ids";
import type { OutboxMessage } from "../../client/conversation/outbox";
import { emptyTimeline } from "../../client/conversation/timeline";
import { TypingSender } from "../../client/conversation/typing";
import { Announcer } from "../../client/dom/live_region";
import type { Message, Refusal, Service } from "../../client/protocol/shared";
import type { VisitorEvents } from "../../client/protocol/visitor";
import { cutText, normalizeText, TEXT_MAX, textLength } from "../../client/text/message_text";
import type { TimeLocale } from "../../client/text/time_format";
import type { ConnectionOptions } from "../../client/transport/connection";
import { type Bridge, HostStorage } from "../bridge/bridge";
import { textsOf } from "../bridge/host_values";
import type { StoredState, ToFrame } from "../bridge/messages";
import { type Identity, type SessionListener, VisitorSession } from "../conversation/session";
import type { FrameConfig } from "../frame/config";
import type { Texts } from "../locales/en";
import { startEffects } from "./effects";
import type { Feature, FeatureContext, FeatureModule } from "./feature";
import { Observable } from "./observable";
import { State } from "./state";
import type { FeatureSlots, FormActions, LazyForm } from "./view_context";

const DRAFT_SAVE_DELAY_MS = 400;
const URL_MAX = 4_096;
const TITLE_MAX = 1_000;
const FEATURE_RETRY_MS = 5_000;

export interface StoreDeps {
  config: FrameConfig;
  texts: Texts;
  /** The reader's variant of the language, which Intl accepts: times of day differ. */
  locale: string;
  bridge: Pick<Bridge, "post">;
  init: Extract<ToFrame, { type: "init" }>;
  connection: Pick<ConnectionOptions, "url" | "connect" | "fallback">;
  features: readonly Feature[];
  addStyles: (styles: string) => void;
}

export class Store implements SessionListener, FeatureContext {
  readonly observable = new Observable();
  readonly state = this.observable.watch(new State());
  readonly announcer = new Announcer((text) => {
    this.state.announcement = text;
  });
  readonly config: FrameConfig;
  readonly texts: Texts;
  readonly timeLocale: TimeLocale;
  readonly bridge: Pick<Bridge, "post">;
  readonly storage: HostStorage;
  readonly identity: Identity;
  readonly session: VisitorSession;
  /** Undefined until the form's code is loaded. */
  formClient: FormActions | undefined;
  lazyForm: LazyForm | undefined;
  readonly slots: FeatureSlots[] = [];
  #deps: StoreDeps;
  #typing = new TypingSender((on) => {
    const { ticket } = this.state;
    if (ticket?.status === "live") void this.session.sendBestEffort("typing", { ticket: ticket.id, on });
  });
  #draftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: StoreDeps) {
    const { config, texts, locale, bridge, init, connection } = deps;
    this.#deps = deps;
    this.config = config;
    this.texts = texts;
    this.bridge = bridge;
    this.timeLocale = { locale, at: texts.at };
    this.storage = new HostStorage(bridge, textsOf(init.stored));
    const outbox = this.storage.outboxStorage();
    this.identity = {
      token: storedToken(this.storage),
      auth: () => this.#auth(),
    };
    this.#setPage(init.page);
    this.state.prefill = textsOf(init.prefill);
    this.state.draft = this.state.prefill.text ?? this.storage.stored.draft ?? "";
    this.session = new VisitorSession(this.state, this.identity, this, outbox, connection);
    startEffects(this);
    for (const feature of deps.features) this.#loadWhenNeeded(feature);
    if (init.open) this.#open(true);
    else if (this.identity.token) this.session.open();
  }

  // -- SessionListener

  started(): void {
    this.fire("start", { number: this.state.ticket?.number });
  }

  messageArrived({ author }: Message): void {
    if (author.kind === "agent") this.fire("message", { from: author.name });
  }

  serviceChanged(before: Service | null, now: Service): void {
    const { texts, announcer, state } = this;
    // Announced once, and only if the change replaces the visitor's screen.
    if (!before || before.mode === now.mode || state.ticket) return;
    announcer.announce(now.mode === "form" ? texts.nowForm : texts.nowChat);
  }

  refused(message: OutboxMessage, why: Refusal): void {
    const { name, email, category, ...more } = message.more ?? {};
    // The ticket has ended meanwhile: the text starts a new conversation.
    if (why.code === "ticket_ended") this.#resendAsNew(message);
    // The host page may have prefilled invalid values; the message is sent without them.
    else if (why.code === "bad_request" && (name || email || category))
      this.session.write({ ...message, more });
    else this.#putBack(message, why);
  }

  #resendAsNew(message: OutboxMessage): void {
    if (message.ticket === this.state.ticket?.id) this.startNew();
    this.session.write({ ...message, ticket: null, more: this.#firstMessageFields() });
  }

  /** Puts the text before what has been written since, so that neither is lost. */
  #putBack({ text }: OutboxMessage, { service }: Refusal): void {
    const { state } = this;
    if (service) {
      this.serviceChanged(state.service, service);
      state.service = service;
    } else state.notice = this.texts.notSent;
    this.write(state.draft ? `${text}\n\n${state.draft}` : text);
  }

  afterHello(): void {
    for (const slots of this.slots) slots.afterHello?.();
  }

  eventArrived<E extends keyof VisitorEvents>(event: E, payload: VisitorEvents[E]): void {
    for (const { on } of this.slots) on?.[event]?.(payload);
  }

  // -- the features

  #loadWhenNeeded(feature: Feature): void {
    let loading = false;
    const load = () => {
      loading = true;
      feature.load().then(
        (module) => this.#start(module),
        () => setTimeout(load, FEATURE_RETRY_MS),
      );
    };
    this.observable.effect(() => {
      if (!loading && feature.needed(this.state)) load();
    });
  }

  #start({ styles, start }: FeatureModule): void {
    if (styles) this.#deps.addStyles(styles);
    this.slots.push(start(this));
    this.observable.flush();
  }

  // -- what the views call

  send = (): void => {
    const { state, session } = this;
    const text = normalizeText(state.draft);
    if (!text || textLength(text) > TEXT_MAX) return;
    const message = { client_id: clientId(), ticket: state.ticket?.id ?? null, text, at: Date.now() };
    this.#typing.stopped();
    state.notice = "";
    this.write("");
    session.write(message.ticket ? message : { ...message, more: this.#firstMessageFields() });
  };

  write = (text: string): void => {
    const { state } = this;
    if (text === state.draft) return;
    state.draft = text;
    if (!state.form) this.#typing.typed(text);
    if (!text) clearTimeout(this.#draftTimer);
    // A running timer is not restarted: it saves the draft of somebody who types without a pause too.
    if (text && this.#draftTimer) return;
    this.#draftTimer = setTimeout(() => this.#saveDraft(), text ? DRAFT_SAVE_DELAY_MS : 0);
  };

  endChat = async (): Promise<void> => {
    const { state, session } = this;
    const ack = state.ticket && (await session.sendBestEffort("end_chat", { ticket: state.ticket.id }));
    if (ack?.ok) session.applyTicket(ack.ticket);
  };

  /** Leaves the ticket for a new conversation. The server is not informed before the next message. */
  startNew = (): void => {
    const { state } = this;
    state.formerTicket = state.ticket?.id ?? null;
    state.ticket = null;
    state.timeline = emptyTimeline("visitor");
  };

  close = (): void => this.bridge.post({ type: "close" });

  fire = (name: string, detail: unknown = {}): void => this.bridge.post({ type: "event", name, detail });

  #saveDraft(): void {
    this.#draftTimer = undefined;
    this.storage.save({ draft: this.state.draft || undefined });
  }

  #firstMessageFields(): Record<string, unknown> {
    const { name, email, category } = this.state.prefill;
    return { token: this.identity.token, name, email, category };
  }

  // -- messages of the loader

  receive(message: ToFrame): void {
    if (message.type === "open" || message.type === "close") this.#open(message.type === "open");
    else if (message.type === "page") this.#setPage(message.page);
    else if (message.type === "stored") this.#adoptToken(message.stored);
    else if (message.type === "prefill") this.#prefill(message.prefill);
  }

  #open(open: boolean): void {
    this.state.opened = open;
    if (open) this.session.open();
    if (this.storage.stored.token || !open) this.storage.save({ open: open || undefined });
  }

  /** Cut as the server would cut it: a title of a megabyte would not fit into one frame of the socket. */
  #setPage(given: unknown): void {
    const { url = "", title = "", referrer = "" } = textsOf(given);
    this.state.page = {
      url: cutText(url, URL_MAX),
      title: cutText(title, TITLE_MAX),
      referrer: cutText(referrer, URL_MAX),
    };
  }

  /** The visitor wrote in another tab. If this tab has no message yet, it takes over the token. */
  #adoptToken(stored: StoredState): void {
    const { storage, identity, state, session } = this;
    storage.stored = textsOf(stored);
    const token = storedToken(storage);
    if (!token || token === identity.token || state.ticket || session.outbox.messages.length) return;
    identity.token = token;
    if (session.connection.isWanted) session.connection.reconnect();
  }

  #prefill(given: unknown): void {
    const fields = textsOf(given);
    this.state.prefill = { ...this.state.prefill, ...fields };
    if (fields.text !== undefined) this.write(fields.text);
  }

  #auth(): unknown {
    const { page } = this.state;
    this.identity.page = page;
    return {
      site: this.config.key,
      token: this.identity.token,
      locale: this.timeLocale.locale,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      page: page.url ? page : undefined,
    };
  }
}

/** A first message or a form without an ack is sent again with its own token, or it could be stored twice. */
function storedToken(storage: HostStorage): string | undefined {
  const unsent = storage.outboxStorage().messages();
  const unsentToken = unsent.map(({ more }) => textsOf(more).token).find((token) => token);
  return storage.stored.token ?? unsentToken ?? storage.stored.formToken;
}
