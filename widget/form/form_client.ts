/** Sends the form, and the address that a waiting visitor leaves. */

import { clientId } from "../../client/conversation/ids";
import { emptyTimeline, reset } from "../../client/conversation/timeline";
import type { Ticket } from "../../client/protocol/shared";
import { FORM_FIELDS, type NewTicketResponse, type VisitorCommands } from "../../client/protocol/visitor";
import type { Connection } from "../../client/transport/connection";
import type { HostStorage } from "../bridge/bridge";
import type { FormFieldValues } from "../frame/config";
import type { Texts } from "../locales/en";
import { newerTicket, type State } from "../state/state";
import type { FormActions } from "../state/view_context";
import { EMAIL, formValues, isDrawn, localErrors } from "./form_fields";

interface Form extends FormFieldValues {
  client_id: string;
  text: string;
}

interface Sender {
  site: string;
  token: string | undefined;
  locale: string;
}

/** Removes the form from the storage: none is being sent any more. */
const FORM_CLEARED = { form: undefined, formToken: undefined };

/** The part of the visitor's session that the form uses. */
interface FormSession {
  readonly connection: Pick<Connection<VisitorCommands>, "request" | "reconnect">;
  applyTicket(ticket: Ticket): void;
}

export class FormClient implements FormActions {
  constructor(
    private readonly state: State,
    private readonly session: FormSession,
    private readonly storage: HostStorage,
    private readonly texts: Texts,
    private readonly sender: () => Sender,
    private readonly done: (ticket: NewTicketResponse) => void,
    private readonly post: typeof fetch = fetch.bind(globalThis),
  ) {}

  /** Sends the form. Errors go into `state.errors`. The text stays in the field until it is stored. */
  async submit(typed: FormFieldValues): Promise<void> {
    const text = this.state.draft;
    const values = formValues({ ...typed, text }, this.state.prefill, this.texts);
    const errors = localErrors(FORM_FIELDS, values);
    this.state.errors = errors;
    if (Object.keys(errors).length || this.state.busy) return;
    // Stored until the server answers: a retry, even after a reload, is the same form of the same visitor.
    const client_id = this.storage.stored.form ?? clientId();
    this.storage.save({ form: client_id, formToken: this.sender().token, draft: text });
    await this.#whileBusy(() => this.#send({ ...values, client_id, text }));
  }

  /** Sends an address for the ticket. A waiting chat becomes a request. */
  async giveContact(email: string): Promise<void> {
    const ticket = this.state.ticket;
    this.state.errors = localErrors([EMAIL], { email });
    if (!ticket || this.state.errors.email) return;
    await this.#whileBusy(async () => {
      const ack = await this.session.connection.request("give_contact", {
        ticket: ticket.id,
        email,
        wait: false,
      });
      if (ack.ok) return this.session.applyTicket(ack.ticket);
      if (ack.error.code === "too_many") this.#showWait(ack.error.retry_after);
      else this.state.errors = { email: ack.error.code };
    });
  }

  async #send(fields: Form): Promise<void> {
    const { url, title, referrer } = this.state.page;
    const page = url ? { url, title, referrer } : undefined;
    const response = await this.post("/api/tickets", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...this.sender(), ...fields, page }),
    });
    if (response.ok) return this.#stored((await response.json()) as NewTicketResponse, fields);
    if (response.status === 409) return this.#alreadyStored();
    if (response.status === 429) return this.#showWait(Number(response.headers.get("retry-after")));
    if (response.status !== 422) throw new TypeError("no answer");
    const { errors } = (await response.json()) as { errors: Record<string, string> };
    // The visitor cannot correct what the host page prefilled: the form is sent without it.
    const hidden = FORM_FIELDS.filter(
      ({ name }) => errors[name] && fields[name] && !isDrawn(name, this.texts),
    ).map(({ name }) => [name, undefined]);
    if (hidden.length) return this.#send({ ...fields, ...Object.fromEntries(hidden) });
    // Nothing is stored: after a correction it is a new form with a new client_id.
    this.storage.save(FORM_CLEARED);
    this.state.errors = errors;
  }

  #stored(answer: NewTicketResponse, { client_id, text }: { client_id: string; text: string }): void {
    const { ticket, link } = answer;
    this.storage.save({ ...FORM_CLEARED, draft: undefined });
    const base = { ticket: ticket.id, seq: 1, id: client_id, client_id, kind: "text" as const, files: [] };
    const message = {
      ...base,
      author: { kind: "visitor" as const, name: null },
      text,
      at: new Date().toISOString(),
    };
    this.state.draft = "";
    this.state.ticket = newerTicket(null, { ...ticket, link: ticket.link ?? link });
    // Shown at once; the following hello brings the server's copy.
    this.state.timeline = reset(emptyTimeline("visitor"), ticket.id, { messages: [message], head: 1 });
    this.done(answer);
  }

  /** The ack was lost and the visitor changed the form since. The first one stands; the new text stays to be sent. */
  #alreadyStored(): void {
    this.storage.save(FORM_CLEARED);
    this.session.connection.reconnect();
  }

  #showWait(seconds: number | undefined): void {
    this.state.notice = this.texts.tooMany(seconds || 60);
  }

  async #whileBusy(send: () => Promise<void>): Promise<void> {
    this.state.busy = true;
    this.state.notice = "";
    await send().catch(() => {
      this.state.notice = this.texts.noAnswer;
    });
    this.state.busy = false;
  }
}
