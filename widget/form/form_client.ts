/** Sends the form, and the address that a waiting visitor leaves. */

import { clientId } from "../../client/conversation/ids";
import { emptyTimeline, reset } from "../../client/conversation/timeline";
import { FORM_FIELDS, type NewTicketResponse } from "../../client/protocol/visitor";
import type { FormFieldValues } from "../frame/config";
import type { FeatureContext } from "../state/feature";
import { newerTicket } from "../state/state";
import type { FormActions } from "../state/view_context";
import { EMAIL, formValues, isDrawn, localErrors } from "./form_fields";

interface Form extends FormFieldValues {
  client_id: string;
  text: string;
}

/** Removes the form from the storage: none is being sent any more. */
const FORM_CLEARED = { form: undefined, formToken: undefined };

/** What the server accepts: the stored id may have been changed by a script of the host page. */
const CLIENT_ID = /^[\w-]{16,64}$/;

export class FormClient implements FormActions {
  constructor(
    private readonly context: FeatureContext,
    private readonly post: typeof fetch = fetch.bind(globalThis),
  ) {}

  /** Sends the form. Errors go into `state.errors`. The text stays in the field until it is stored. */
  async submit(typed: FormFieldValues): Promise<void> {
    const { state, storage, texts } = this.context;
    const text = state.draft;
    const values = formValues({ ...typed, text }, state.prefill, texts);
    const errors = localErrors(FORM_FIELDS, values);
    state.errors = errors;
    if (Object.keys(errors).length || state.busy) return;
    // Stored until the server answers: a retry, even after a reload, is the same form of the same visitor.
    const client_id = storage.stored.form?.match(CLIENT_ID)?.[0] ?? clientId();
    storage.save({ form: client_id, formToken: this.#sender().token, draft: text });
    await this.#whileBusy(() => this.#send({ ...values, client_id, text }));
  }

  /** Sends an address for the ticket. A waiting chat becomes a request. */
  async giveContact(email: string): Promise<void> {
    const { state, session } = this.context;
    const { ticket } = state;
    state.errors = localErrors([EMAIL], { email });
    if (!ticket || state.errors.email) return;
    await this.#whileBusy(async () => {
      const payload = { ticket: ticket.id, email, wait: false };
      const ack = await session.connection.request("give_contact", payload);
      if (ack.ok) return session.applyTicket(ack.ticket);
      if (ack.error.code === "too_many") this.#showWait(ack.error.retry_after);
      else state.errors = { email: ack.error.code };
    });
  }

  #sender() {
    const { config, identity, timeLocale } = this.context;
    return { site: config.key, token: identity.token, locale: timeLocale.locale };
  }

  async #send(fields: Form): Promise<void> {
    const { state, storage, texts } = this.context;
    const { url, title, referrer } = state.page;
    const page = url ? { url, title, referrer } : undefined;
    const response = await this.post("/api/tickets", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...this.#sender(), ...fields, page }),
    });
    if (response.ok) return this.#stored((await response.json()) as NewTicketResponse, fields);
    if (response.status === 409) return this.#alreadyStored();
    if (response.status === 429) return this.#showWait(Number(response.headers.get("retry-after")));
    if (response.status !== 422) throw new TypeError("no answer");
    const { errors } = (await response.json()) as { errors: Record<string, string> };
    // The visitor cannot correct what the host page prefilled: the form is sent without it.
    const hidden = FORM_FIELDS.filter(
      ({ name }) => errors[name] && fields[name] && !isDrawn(name, texts),
    ).map(({ name }) => [name, undefined]);
    if (hidden.length) return this.#send({ ...fields, ...Object.fromEntries(hidden) });
    // Nothing is stored: after a correction it is a new form with a new client_id.
    storage.save(FORM_CLEARED);
    state.errors = errors;
  }

  #stored(answer: NewTicketResponse, { client_id, text }: { client_id: string; text: string }): void {
    const { state, storage, identity, announcer, texts, session, fire } = this.context;
    const { ticket, link, token } = answer;
    storage.save({ ...FORM_CLEARED, draft: undefined });
    const base = { ticket: ticket.id, seq: 1, id: client_id, client_id, kind: "text" as const, files: [] };
    const message = {
      ...base,
      author: { kind: "visitor" as const, name: null },
      text,
      at: new Date().toISOString(),
    };
    state.draft = "";
    state.ticket = newerTicket(null, { ...ticket, link: ticket.link ?? link });
    // Shown at once; the following hello brings the server's copy.
    state.timeline = reset(emptyTimeline("visitor"), ticket.id, { messages: [message], head: 1 });
    identity.token = token;
    announcer.announce(texts.formSent(ticket.number));
    fire("ticket", { number: ticket.number });
    session.connection.reconnect();
  }

  /** The ack was lost and the visitor changed the form since. The first one stands; the new text stays to be sent. */
  #alreadyStored(): void {
    const { storage, session } = this.context;
    storage.save(FORM_CLEARED);
    session.connection.reconnect();
  }

  #showWait(seconds: number | undefined): void {
    const { state, texts } = this.context;
    state.notice = texts.tooMany(seconds || 60);
  }

  async #whileBusy(send: () => Promise<void>): Promise<void> {
    const { state, texts } = this.context;
    state.busy = true;
    state.notice = "";
    await send().catch(() => {
      state.notice = texts.noAnswer;
    });
    state.busy = false;
  }
}
