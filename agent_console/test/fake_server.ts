/** A desk in memory for the stores' tests: it numbers, remembers client_ids and refuses, as the wire says. */
import { signal } from "@preact/signals";
import type { Agent, Card, Message, Note, Person, Refusal, Status, Ticket } from "../../client/protocol";
import { LinkLost } from "../../client/transport/websocket_transport";
import { type Link, Turned } from "../connection/socket";

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
    queued_at: AT,
    ...more,
  };
}

interface Kept {
  messages: Message[];
  notes: Note[];
  owner: Agent | null;
  status: Status;
  number: number;
}

interface Ears {
  events: Map<string, ((news: never) => void)[]>;
  up: (() => void)[];
}

type Payload = Record<string, unknown>;
type Verb = (payload: Payload, kept: Kept) => object;

const refuse = (error: Partial<Refusal> & Pick<Refusal, "code">) => ({
  ok: false,
  error: { message: "", ...error },
});

export class Server {
  readonly tickets = new Map<string, Kept>();
  readonly heard: string[] = [];
  /** Commands that are done, but whose answer gets lost. */
  readonly mute = new Set<string>();
  #online = signal(false);
  #rev = 1;
  #ears = new Set<Ears>();

  /** A line of its own for each console that is opened. */
  connect(): Link {
    const ears: Ears = { events: new Map(), up: [] };
    this.#ears.add(ears);
    return {
      online: this.#online,
      cut: signal(false),
      post: (command, payload) => this.#ask(command, payload as Payload) as never,
      ask: async (command, payload) => {
        const answer = await this.#ask(command, payload as Payload);
        if (!answer.ok) throw new Turned((answer as unknown as { error: Refusal }).error);
        return answer as never;
      },
      hear: (event, listener) => {
        const all = ears.events.get(event) ?? [];
        ears.events.set(event, [...all, listener as (news: never) => void]);
      },
      onUp: (listener) => ears.up.push(listener),
      onTurnedAway: () => undefined,
      close: () => void this.#ears.delete(ears),
    };
  }

  up(): void {
    this.#online.value = true;
    for (const ears of this.#ears) for (const listener of ears.up) listener();
  }

  cut(): void {
    this.#online.value = false;
  }

  tell(event: string, news: object): void {
    if (!this.#online.value) return;
    for (const ears of this.#ears)
      for (const listener of ears.events.get(event) ?? []) listener(news as never);
  }

  open(id: string, owner: Agent | null = null): Kept {
    const kept: Kept = { messages: [], notes: [], owner, status: "live", number: this.tickets.size + 1 };
    this.tickets.set(id, kept);
    return kept;
  }

  /** A visitor writes; whoever is cut off does not hear it. */
  say(id: string, text: string): Message {
    const message = this.#append(id, "visitor", text, `vic-${text}`);
    this.tell("message", message);
    return message;
  }

  ticket(id: string): Ticket {
    const kept = this.#kept(id);
    return {
      id,
      number: kept.number,
      status: kept.status,
      channel: "chat",
      category: null,
      agent: kept.owner && person(kept.owner),
      queue: null,
      promise: null,
      read: { visitor: 0, agent: 0 },
      head: kept.messages.length,
      rev: ++this.#rev,
      form_offered: false,
      reachable: true,
      reply_until: null,
    };
  }

  #kept(id: string): Kept {
    const kept = this.tickets.get(id);
    if (!kept) throw new Error(`no ticket ${id}`);
    return kept;
  }

  #append(id: string, kind: "visitor" | "agent", text: string, client_id: string): Message {
    const { messages } = this.#kept(id);
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
    if (!this.#online.value) throw new LinkLost();
    this.heard.push(command);
    const answer = this.#do(command, payload);
    await Promise.resolve();
    if (this.mute.has(command)) throw new LinkLost();
    return { ok: true, ...answer };
  }

  #do(command: string, payload: Payload): object {
    if (command === "hello") return this.#hello();
    if (command === "set_presence") return { presence: payload.state };
    const id = String(payload.ticket ?? "");
    const kept = this.tickets.get(id);
    if (!kept) return refuse({ code: "not_found" });
    return this.#verbs(id)[command]?.(payload, kept) ?? {};
  }

  #hello(): object {
    const cards = { mine: [] as Card[], waiting: [] as Card[], open: [] as Card[] };
    for (const [id, kept] of this.tickets) {
      const line = card(id, kept.number, { agent: kept.owner && person(kept.owner), status: kept.status });
      (kept.owner ? cards.mine : cards.waiting).push(line);
    }
    const counts = { mine: cards.mine.length, waiting: cards.waiting.length, open: 0 };
    return {
      agent: ada,
      presence: "available",
      cards,
      counts,
      team: [ada, ben],
      departments: [],
      offers: [],
    };
  }

  #verbs(id: string): Record<string, Verb> {
    const ended =
      (status: Status): Verb =>
      (_payload, kept) => {
        kept.status = status;
        return { ticket: this.ticket(id) };
      };
    return {
      open_ticket: (_payload, kept) => ({
        ...this.#since(id, kept, 0, 0),
        visitor: { name: "Vic", tickets: [] },
      }),
      catch_up: ({ after, notes_after }, kept) => this.#since(id, kept, Number(after), Number(notes_after)),
      send_message: (payload, kept) => this.#send(id, kept, payload),
      add_note: (payload, kept) => this.#note(id, kept, payload),
      claim: (_payload, kept) => {
        if (kept.owner && kept.owner !== ada) return refuse({ code: "conflict", by: person(kept.owner) });
        kept.owner = ada;
        return { ticket: this.ticket(id) };
      },
      end_chat: ended("solved"),
      set_status: (payload, kept) => ended(payload.status as Status)(payload, kept),
    };
  }

  #since(id: string, { messages, notes }: Kept, after: number, notesAfter: number): object {
    return {
      ticket: this.ticket(id),
      messages: messages.filter((one) => one.seq > after),
      head: messages.length,
      notes: notes.filter((one) => one.note_seq > notesAfter),
      notes_head: notes.length,
    };
  }

  #send(id: string, kept: Kept, { client_id, text }: Payload): object {
    if (kept.owner && kept.owner !== ada) return refuse({ code: "conflict", by: person(kept.owner) });
    const known = kept.messages.find((one) => one.client_id === client_id);
    const { seq, id: public_id, at } = known ?? this.#append(id, "agent", String(text), String(client_id));
    return { seq, id: public_id, at };
  }

  #note(id: string, { messages, notes }: Kept, { client_id, text }: Payload): object {
    const author = { kind: "agent" as const, id: ada.id, name: ada.name };
    const note_seq = notes.length + 1;
    const after = messages.length;
    notes.push({ ticket: id, note_seq, after, id: `n${note_seq}`, client_id, author, text, at: AT } as Note);
    return { note_seq, id: `n${note_seq}`, at: AT };
  }
}

/** Lets everything that is ready to run, run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
};
