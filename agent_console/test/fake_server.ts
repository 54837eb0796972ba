/** A server in memory that follows the agent protocol: it numbers, remembers client_ids and refuses. */
import { signal } from "@preact/signals";
import type { Agent, Card, Note } from "../../client/protocol/agent";
import type { Message, Person, Refusal, Service, Ticket } from "../../client/protocol/shared";
import type { Status } from "../../client/protocol/vocabulary";
import { ConnectionLost } from "../../client/transport/transport";
import { type AgentConsole, createConsole } from "../app/console";
import { FEATURES } from "../app/features";
import { createRouter } from "../app/router";
import { VIEWS } from "../app/views";
import { type AgentSocket, ServerRefused } from "../connection/socket";

const PAGE = 200;
export const AT = "2026-11-25T09:00:00Z";

export function agent(id: string, name: string, more: Partial<Agent> = {}): Agent {
  return {
    id,
    name,
    photo: null,
    role: "agent",
    state: "available",
    since: AT,
    chats: 0,
    capacity: 4,
    departments: [],
    why: null,
    ...more,
  };
}

export const ada = agent("a1", "Ada");
export const ben = agent("a2", "Ben");

const person = ({ id, name }: Agent): Person => ({ id, name, photo: null });

export function card(ticket: string, number: number, more: Partial<Card> = {}): Card {
  return {
    ticket,
    number,
    status: "live",
    channel: "chat",
    category: null,
    name: "Vic",
    preview: "",
    agent: null,
    visitor: "here",
    unread: 0,
    waiting_since: null,
    due: null,
    updated_at: AT,
    rev: 1,
    last_from: "visitor",
    last_by: null,
    queued_at: AT,
    ...more,
  };
}

interface StoredTicket {
  messages: Message[];
  notes: Note[];
  owner: Agent | null;
  status: Status;
  number: number;
}

interface Listeners {
  events: Map<string, ((news: never) => void)[]>;
  up: (() => void)[];
}

type Payload = Record<string, unknown>;
type Handler = (payload: Payload, stored: StoredTicket) => object;

const refuse = (error: Partial<Refusal> & Pick<Refusal, "code">) => ({
  ok: false,
  error: { message: "", ...error },
});

export class Server {
  readonly tickets = new Map<string, StoredTicket>();
  readonly commands: string[] = [];
  /** Replaces the ack of a command; with "lost" the command is done, but its ack does not arrive. */
  instead: Record<string, (payload: Payload) => object | "lost" | undefined> = {};
  /** How many seconds an offer rings; undefined as an older server. */
  ring_s: number | undefined;
  service: Service = { state: "open", mode: "chat", until: null, next_open: null, promise: null };
  /** Ada is at capacity: she gets another live chat with `over` only. */
  full = false;
  #online = signal(false);
  #rev = 1;
  #listeners = new Set<Listeners>();

  /** Returns a socket of its own for each console. */
  connect(): AgentSocket {
    const listeners: Listeners = { events: new Map(), up: [] };
    this.#listeners.add(listeners);
    return {
      online: this.#online,
      offline: signal(false),
      requestAck: (command, payload) => this.#ask(command, payload as Payload) as never,
      request: async (command, payload) => {
        const answer = await this.#ask(command, payload as Payload);
        if (!answer.ok) throw new ServerRefused((answer as unknown as { error: Refusal }).error);
        return answer as never;
      },
      on: (event, listener) => {
        const all = listeners.events.get(event) ?? [];
        listeners.events.set(event, [...all, listener as (news: never) => void]);
      },
      onConnected: (listener) => listeners.up.push(listener),
      onRefused: () => undefined,
      close: () => void this.#listeners.delete(listeners),
    };
  }

  up(): void {
    this.#online.value = true;
    for (const listeners of this.#listeners) for (const listener of listeners.up) listener();
  }

  cut(): void {
    this.#online.value = false;
  }

  tell(event: string, news: object): void {
    if (!this.#online.value) return;
    for (const listeners of this.#listeners)
      for (const listener of listeners.events.get(event) ?? []) listener(news as never);
  }

  open(id: string, owner: Agent | null = null): StoredTicket {
    const stored: StoredTicket = {
      messages: [],
      notes: [],
      owner,
      status: "live",
      number: this.tickets.size + 1,
    };
    this.tickets.set(id, stored);
    return stored;
  }

  /** A visitor sends a message; a console without a connection does not receive it. */
  say(id: string, text: string): Message {
    const message = this.#append(id, "visitor", text, `vic-${text}`);
    this.tell("message", message);
    return message;
  }

  ticket(id: string): Ticket {
    const { number, status, owner, messages } = this.#stored(id);
    return {
      id,
      number,
      status,
      channel: "chat",
      category: null,
      agent: owner && person(owner),
      ...{ queue: null, promise: null, hold: null },
      read: { visitor: 0, agent: 0 },
      head: messages.length,
      rev: ++this.#rev,
      form_offered: false,
      reachable: true,
      reply_until: null,
    };
  }

  #stored(id: string): StoredTicket {
    const stored = this.tickets.get(id);
    if (!stored) throw new Error(`no ticket ${id}`);
    return stored;
  }

  #append(id: string, kind: "visitor" | "agent", text: string, client_id: string): Message {
    const { messages } = this.#stored(id);
    const seq = messages.length + 1;
    const author = kind === "agent" ? { kind, id: ada.id, name: ada.name } : { kind, name: "Vic" };
    const message = {
      ticket: id,
      seq,
      id: `${id}-${seq}`,
      client_id,
      kind: "text",
      author,
      text,
      files: [],
      at: AT,
    };
    messages.push(message as Message);
    return message as Message;
  }

  async #ask(command: string, payload: Payload): Promise<{ ok: boolean }> {
    if (!this.#online.value) throw new ConnectionLost();
    this.commands.push(command);
    const other = this.instead[command]?.(payload);
    const answer = typeof other === "object" ? other : this.#do(command, payload);
    await Promise.resolve();
    if (other === "lost") throw new ConnectionLost();
    return { ok: true, ...answer };
  }

  #do(command: string, payload: Payload): object {
    if (command === "hello") return this.#hello();
    if (command === "set_presence") return { presence: payload.state };
    const id = String(payload.ticket ?? "");
    const stored = this.tickets.get(id);
    if (!stored) return refuse({ code: "not_found" });
    return this.#handlers(id)[command]?.(payload, stored) ?? {};
  }

  #hello(): object {
    const cards = { mine: [] as Card[], waiting: [] as Card[], open: [] as Card[] };
    for (const [id, stored] of this.tickets) {
      const entry = card(id, stored.number, {
        agent: stored.owner && person(stored.owner),
        status: stored.status,
      });
      (stored.owner ? cards.mine : cards.waiting).push(entry);
    }
    return {
      agent: ada,
      presence: "available",
      cards,
      counts: { mine: cards.mine.length, waiting: cards.waiting.length, open: 0 },
      team: [ada, ben],
      departments: [],
      offers: [],
      service: this.service,
      ...(this.ring_s && { ring_s: this.ring_s }),
    };
  }

  #handlers(id: string): Record<string, Handler> {
    const ended =
      (status: Status): Handler =>
      (_payload, stored) => {
        stored.status = status;
        return { ticket: this.ticket(id) };
      };
    return {
      open_ticket: (_payload, stored) => ({
        ...this.#since(id, stored, stored.messages.length - PAGE, stored.notes.length - PAGE),
        visitor: { name: "Vic", tickets: [] },
      }),
      catch_up: ({ after, notes_after }, stored) =>
        this.#since(id, stored, Number(after), Number(notes_after)),
      send_message: (payload, stored) => this.#send(id, stored, payload),
      add_note: (payload, stored) => this.#note(id, stored, payload),
      claim: ({ over }, stored) => {
        if (stored.owner && stored.owner !== ada)
          return refuse({ code: "conflict", by: person(stored.owner) });
        if (this.full && !stored.owner && !over) return refuse({ code: "conflict", reason: "capacity" });
        stored.owner = ada;
        return { ticket: this.ticket(id) };
      },
      end_chat: ended("solved"),
      set_status: (payload, stored) => ended(payload.status as Status)(payload, stored),
    };
  }

  #since(id: string, { messages, notes }: StoredTicket, after: number, notesAfter: number): object {
    return {
      ticket: this.ticket(id),
      messages: messages.filter((one) => one.seq > after).slice(0, PAGE),
      head: messages.length,
      notes: notes.filter((one) => one.note_seq > notesAfter).slice(0, PAGE),
      notes_head: notes.length,
    };
  }

  #send(id: string, stored: StoredTicket, { client_id, text }: Payload): object {
    if (stored.owner && stored.owner !== ada) return refuse({ code: "conflict", by: person(stored.owner) });
    if (this.full && !stored.owner) return refuse({ code: "conflict", reason: "capacity" });
    const existing = stored.messages.find((one) => one.client_id === client_id);
    const { seq, id: public_id, at } = existing ?? this.#append(id, "agent", String(text), String(client_id));
    return { seq, id: public_id, at };
  }

  #note(id: string, { messages, notes }: StoredTicket, { client_id, text }: Payload): object {
    const author = { kind: "agent" as const, id: ada.id, name: ada.name };
    const note_seq = notes.length + 1;
    const after = messages.length;
    notes.push({ ticket: id, note_seq, after, id: `n${note_seq}`, client_id, author, text, at: AT } as Note);
    return { note_seq, id: `n${note_seq}`, at: AT };
  }
}

/** Runs all pending promises. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
};

/** Opens a console of this agent, with the router of the real views. */
export const openConsole = (server: Server, self: Agent, features = FEATURES): AgentConsole =>
  createConsole(server.connect(), self, createRouter(VIEWS), features);
