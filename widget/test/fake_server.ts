/** A server in memory that speaks the visitor's wire, and a host page that keeps: both as the tests want them. */

import type { Message, Service, Ticket } from "../../client/protocol";
import { type Dial, type Ears, LinkLost } from "../../client/transport/websocket_transport";
import type { Kept, ToFrame, ToLoader } from "../bridge/messages";
import * as kit from "../form/lazy_form";
import { words } from "../locales/en";
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

/** One desk with one ticket at a time; tokens, client_ids and seqs by the rules of the protocol page. */
export class Server {
  service = open;
  ticket: Ticket | null = null;
  log: Message[] = [];
  owner: string | undefined;
  asked: [string, Answer][] = [];
  links: Ears[] = [];
  /** Answers one command in another way, or swallows it. */
  instead: Record<string, (payload: Answer) => Answer | "silence" | "cut" | undefined> = {};
  #tokens = 0;

  dial: Dial = (_url, _namespace, auth, ears) => {
    const { token } = auth as { token?: string };
    const known = token ?? `token-${++this.#tokens}`;
    this.links.push(ears);
    queueMicrotask(() => ears.up());
    return {
      ask: (command, payload) => this.#take(ears, known, !token, command, payload as Answer),
      close: () => this.#gone(ears),
    };
  };

  tell(event: string, payload: unknown): void {
    for (const ears of this.links) ears.heard(event, payload);
  }

  cut(): void {
    for (const ears of [...this.links]) this.#gone(ears);
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

  #gone(ears: Ears): void {
    if (!this.links.includes(ears)) return;
    this.links = this.links.filter((one) => one !== ears);
    ears.down({ opened: true });
  }

  async #take(ears: Ears, token: string, fresh: boolean, command: string, payload: Answer): Promise<Answer> {
    this.asked.push([command, payload]);
    const other = this.instead[command]?.(payload);
    if (other && typeof other === "object") return other;
    const answer = other === "silence" ? {} : this.#answer(token, fresh, command, payload);
    if (other === "silence") return new Promise(() => {});
    if (other === "cut") {
      this.#gone(ears);
      throw new LinkLost();
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
    read: { visitor: 0, agent: 0 },
    head: 0,
    rev: 1,
    form_offered: false,
    reachable: false,
    reply_until: null,
    ...change,
  };
}

/** A host page: what it keeps outlives its frames, as a localStorage does. */
export class Page {
  kept: Kept = {};
  told: ToLoader[] = [];

  /** A frame on this page, open unless said otherwise. */
  frame(server: Server, init: Partial<Extract<ToFrame, { type: "init" }>> = {}, post?: typeof fetch): Store {
    const page = { url: "https://shop.example/", title: "Shop", referrer: "" };
    return new Store({
      config: { key: "demo", lang: "en", categories: [] },
      words,
      bridge: { post: (message) => this.#hear(message) },
      init: {
        type: "init",
        kept: { ...this.kept },
        locale: "en-GB",
        page,
        open: true,
        focus: true,
        prefill: {},
        ...init,
      },
      wiring: { url: "https://chat.example", dial: (...call) => server.dial(...call) },
      kit: () => Promise.resolve(kit),
      post,
    });
  }

  last<T extends ToLoader["type"]>(type: T): Extract<ToLoader, { type: T }> | undefined {
    return this.told.filter((one): one is Extract<ToLoader, { type: T }> => one.type === type).at(-1);
  }

  #hear(message: ToLoader): void {
    this.told.push(message);
    if (message.type !== "keep") return;
    // As JSON does it: what is undefined is gone.
    this.kept = JSON.parse(JSON.stringify({ ...this.kept, ...message.patch }));
  }
}
