/** A server in memory that follows the visitor protocol, and a host page with a storage. */

import type { Message, Service, Ticket } from "../../client/protocol/shared";
import { type Connect, ConnectionLost, type TransportListener } from "../../client/transport/transport";
import type { StoredState, ToFrame, ToLoader } from "../bridge/messages";
import { start as startForm } from "../form/lazy_form";
import { texts } from "../locales/en";
import type { Feature } from "../state/feature";
import { Store } from "../state/store";

export const NOW = "2026-11-23T09:00:00Z";

export const open: Service = {
  state: "open",
  mode: "chat",
  until: null,
  next_open: null,
  promise: { due: "2026-11-25T10:00:00+01:00" },
};
export const closed: Service = {
  ...open,
  state: "closed",
  mode: "form",
  next_open: "2026-11-24T09:00:00+01:00",
};

type Answer = Record<string, unknown>;
const no = (code: string, more: Answer = {}): Answer => ({
  ok: false,
  error: { code, message: code, ...more },
});

/** Has one ticket at a time; tokens, client_ids and seqs follow docs/protocol.md. */
export class Server {
  service = open;
  ticket: Ticket | null = null;
  log: Message[] = [];
  owner: string | undefined;
  commands: [string, Answer][] = [];
  listeners: TransportListener[] = [];
  /** Replaces the ack of a command, or drops it. */
  instead: Record<string, (payload: Answer) => Answer | "silence" | "cut" | undefined> = {};
  #tokens = 0;

  connect: Connect = (_url, _namespace, auth, listener) => {
    const { token } = auth as { token?: string };
    const visitorToken = token ?? `token-${++this.#tokens}`;
    this.listeners.push(listener);
    queueMicrotask(() => listener.onConnected());
    return {
      request: (command, payload) => this.#take(listener, visitorToken, !token, command, payload as Answer),
      close: () => this.#gone(listener),
    };
  };

  tell(event: string, payload: unknown): void {
    for (const listener of this.listeners) listener.onEvent(event, payload);
  }

  cut(): void {
    for (const listener of [...this.listeners]) this.#gone(listener);
  }

  ada(text: string, tell = true): Message {
    const message = this.#post("agent", `ada-${this.log.length}`, text);
    this.#change({ agent: { id: "ada", name: "Ada", photo: null } });
    if (tell) this.tell("message", message);
    return message;
  }

  move(change: Partial<Ticket>): void {
    this.#change(change);
    this.tell("ticket", this.ticket);
  }

  #gone(listener: TransportListener): void {
    if (!this.listeners.includes(listener)) return;
    this.listeners = this.listeners.filter((one) => one !== listener);
    listener.onClosed({ opened: true });
  }

  async #take(
    listener: TransportListener,
    token: string,
    fresh: boolean,
    command: string,
    payload: Answer,
  ): Promise<Answer> {
    this.commands.push([command, payload]);
    const other = this.instead[command]?.(payload);
    if (other && typeof other === "object") return other;
    const answer = other === "silence" ? {} : this.#answer(token, fresh, command, payload);
    if (other === "silence") return new Promise(() => {});
    if (other === "cut") {
      this.#gone(listener);
      throw new ConnectionLost();
    }
    return answer;
  }

  #answer(token: string, fresh: boolean, command: string, payload: Answer): Answer {
    const { ticket, client_id, text, after } = payload as {
      ticket: string;
      client_id: string;
      text: string;
      after: number;
    };
    const mine = this.owner === token ? this.ticket : null;
    if (command === "hello") {
      const messages = mine ? this.log.slice(-200) : [];
      const head = messages.at(-1)?.seq ?? 0;
      return { ok: true, service: this.service, ticket: mine, messages, head, ...(fresh ? { token } : {}) };
    }
    if (command === "start_chat") return this.#start(token, client_id, text);
    if (!mine || ticket !== mine.id) return ticket ? no("not_found") : { ok: true };
    if (command === "send_message") {
      if (mine.status === "closed") return no("ticket_ended");
      const { seq, id, at } = this.#post("visitor", client_id, text);
      return { ok: true, seq, id, at };
    }
    if (command === "catch_up") {
      const messages = this.log.filter((one) => one.seq > after).slice(0, 200);
      return { ok: true, ticket: mine, messages, head: this.log.length };
    }
    if (command === "give_contact") {
      this.#change({ status: "open", reachable: true, promise: open.promise, queue: null });
      return { ok: true, ticket: this.ticket };
    }
    return { ok: true };
  }

  #start(token: string, client_id: string, text: string): Answer {
    if (this.service.mode === "form") return no("form_instead", { service: this.service });
    if (this.ticket?.status !== "live") {
      this.owner = token;
      this.log = [];
      this.ticket = aTicket(`t${Number(this.ticket?.number ?? 0) + 1}`);
    }
    const message = this.#post("visitor", client_id, text);
    return { ok: true, ticket: this.ticket, message };
  }

  #post(kind: "visitor" | "agent", client_id: string, text: string): Message {
    const twin = this.log.find((one) => one.client_id === client_id && one.author.kind === kind);
    if (twin) return twin;
    const seq = this.log.length + 1;
    const message: Message = {
      ticket: this.ticket?.id ?? "",
      seq,
      id: `m${seq}`,
      client_id,
      kind: "text",
      author: kind === "agent" ? { kind, name: "Ada", id: "ada" } : { kind, name: null },
      text,
      at: NOW,
      files: [],
    };
    this.log.push(message);
    this.#change({ head: seq });
    return message;
  }

  #change(change: Partial<Ticket>): void {
    if (this.ticket) this.ticket = { ...this.ticket, ...change, rev: this.ticket.rev + 1 };
  }
}

export function aTicket(id: string, change: Partial<Ticket> = {}): Ticket {
  return {
    id,
    number: Number(id.slice(1)),
    status: "live",
    channel: "chat",
    category: null,
    agent: null,
    queue: { position: 2, wait_s: 170 },
    promise: null,
    hold: null,
    read: { visitor: 0, agent: 0 },
    head: 0,
    rev: 1,
    form_offered: false,
    reachable: false,
    reply_until: null,
    ...change,
  };
}

/** The form's feature, with another way to send. */
const form = (post?: typeof fetch): Feature => ({
  needed: (state) => state.needsForm,
  load: async () => ({ start: (context) => startForm(context, post) }),
});

/** A host page. Its storage outlives its frames, as localStorage does. */
export class Page {
  stored: StoredState = {};
  posted: ToLoader[] = [];
  styles: string[] = [];

  /** A frame on this page; open unless `init` says otherwise. */
  frame(
    server: Server,
    init: Partial<Extract<ToFrame, { type: "init" }>> = {},
    post?: typeof fetch,
    features: readonly Feature[] = [],
  ): Store {
    const page = { url: "https://shop.example/", title: "Shop", referrer: "" };
    return new Store({
      config: { key: "demo", lang: "en", choices: {} },
      texts,
      locale: "en-GB",
      bridge: { post: (message) => this.#receive(message) },
      init: {
        type: "init",
        stored: { ...this.stored },
        page,
        open: true,
        focus: true,
        prefill: {},
        ...init,
      },
      connection: { url: "https://chat.example", connect: (...call) => server.connect(...call) },
      features: [form(post), ...features],
      addStyles: (styles) => this.styles.push(styles),
    });
  }

  last<T extends ToLoader["type"]>(type: T): Extract<ToLoader, { type: T }> | undefined {
    return this.posted.filter((one): one is Extract<ToLoader, { type: T }> => one.type === type).at(-1);
  }

  #receive(message: ToLoader): void {
    this.posted.push(message);
    if (message.type !== "store") return;
    // JSON drops undefined values, as localStorage does.
    this.stored = JSON.parse(JSON.stringify({ ...this.stored, ...message.patch }));
  }
}
