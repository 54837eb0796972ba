/** What the views read and call. `Store` implements it; views know this file and not the store. */
import type { ComponentChildren, ComponentType } from "preact";
import type { Announcer } from "../../client/dom/live_region";
import type { Ticket } from "../../client/protocol/shared";
import type { TimeLocale } from "../../client/text/time_format";
import type { FormFieldValues, FrameConfig } from "../frame/config";
import type { Texts } from "../locales/en";
import type { Observable } from "./observable";
import type { State } from "./state";

export interface ViewContext {
  readonly state: State;
  readonly texts: Texts;
  readonly timeLocale: TimeLocale;
  readonly config: FrameConfig;
  readonly announcer: Pick<Announcer, "announce">;
  readonly observable: Pick<Observable, "flush">;
  readonly session: {
    /** Sends a failed message again. */
    retry(client_id: string): void;
    /** Loads up to 200 older messages; calls `around` with the function that adds them to the timeline. */
    loadOlder(around: (add: () => void) => void): Promise<void>;
  };
  /** Undefined until the form's code is loaded; then `state.formLoaded` is true. */
  readonly lazyForm: LazyForm | undefined;
  readonly formClient: FormActions | undefined;
  send(): void;
  write(text: string): void;
  endChat(): Promise<void>;
  startNew(): void;
  close(): void;
}

export interface FormActions {
  submit(typed: FormFieldValues): Promise<void>;
  giveContact(email: string): Promise<void>;
}

export interface ViewProps {
  store: ViewContext;
}

export interface TicketProps extends ViewProps {
  ticket: Ticket;
}

export interface AddressFormProps extends ViewProps {
  label: string;
  cancel?: { label: string; act: () => void };
}

/** The part of form/lazy_form.ts that views draw. */
export interface LazyForm {
  AddressForm: ComponentType<AddressFormProps>;
  TicketReceipt: ComponentType<TicketProps>;
  errorText(field: string, code: string, texts: Texts): string;
  fields(store: ViewContext): ComponentChildren;
  promise(store: ViewContext): ComponentChildren;
  reopening(store: ViewContext): string;
}
