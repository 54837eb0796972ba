/** The feature of forms and promises: most visitors never need it. */
import type { FeatureContext } from "../state/feature";
import type { FeatureSlots } from "../state/view_context";
import { AddressForm } from "./AddressForm";
import { errorText } from "./Field";
import { fields, promise, reopening } from "./FormFields";
import { FormClient } from "./form_client";
import { receipt } from "./TicketReceipt";

export { default as styles } from "./form.css?inline";

/** `post` sends the form. */
export function start(context: FeatureContext, post?: typeof fetch): FeatureSlots {
  context.formClient = new FormClient(context, post);
  context.lazyForm = { AddressForm, errorText, fields, promise, reopening };
  context.state.formLoaded = true;
  return { card: () => receipt(context) };
}
