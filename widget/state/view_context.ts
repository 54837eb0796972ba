/** What the views read, call and draw. `Store` implements it; views know this file and not the store. */
import type { ComponentChildren, ComponentType } from "preact";
import type { Announcer } from "../../client/dom/live_region";
import type { Ticket } from "../../client/protocol/shared";
import type { VisitorEvents } from "../../client/protocol/visitor";
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
  /** Those of the loaded features. */
  readonly slots: readonly FeatureSlots[];
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

/** What a feature adds to the panel. */
export interface FeatureSlots {
  /** Drawn under the log. */
  card?(): ComponentChildren;
  /** Runs after each hello that follows the feature's start, when the timeline has caught up. */
  afterHello?(): void;
  /** Receives the server's events by name, after the session has applied them; none from before the feature's start. */
  readonly on?: { readonly [E in keyof VisitorEvents]?: (payload: VisitorEvents[E]) => void };
}

/** The parts of the form that other views draw. */
export interface LazyForm {
  AddressForm: ComponentType<AddressFormProps>;
  errorText(field: string, code: string, texts: Texts): string;
  fields(store: ViewContext): ComponentChildren;
  promise(store: ViewContext): ComponentChildren;
  reopening(store: ViewContext): string;
}
