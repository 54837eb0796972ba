/** Asks for the address to answer to. The visitor's message is stored already. */
import { Component, createRef } from "preact";
import type { AddressFormProps } from "../state/view_context";
import { Field } from "./Field";
import { EMAIL } from "./form_fields";

export class AddressForm extends Component<AddressFormProps> {
  #form = createRef<HTMLFormElement>();

  get #email(): HTMLInputElement | null | undefined {
    return this.#form.current?.querySelector("input");
  }

  /** Takes the focus only if a button opened it; if it appeared by itself, the focus stays where it is. */
  override componentDidMount(): void {
    if (this.props.cancel) this.#email?.focus();
  }

  #submit = async (event: Event) => {
    event.preventDefault();
    const { formClient, observable } = this.props.store;
    await formClient?.giveContact(this.#email?.value ?? "");
    observable.flush();
    (this.#email ?? document.getElementById("text"))?.focus();
  };

  override render({ store, label, cancel }: AddressFormProps) {
    const { state, texts } = store;
    return (
      <form class="fields" ref={this.#form} onSubmit={this.#submit} noValidate>
        <Field store={store} field={EMAIL} label={texts.contactEmail} />
        <button type="submit" class="button button--main" aria-disabled={state.busy}>
          {state.busy ? texts.submitting : label}
        </button>
        {cancel && (
          <button type="button" class="button" onClick={cancel.act}>
            {cancel.label}
          </button>
        )}
        <small>{texts.addressOnly}</small>
      </form>
    );
  }
}
