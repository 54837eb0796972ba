/** The lazily loaded module of forms and promises: most visitors never need it. */

export { default as styles } from "../styles/form.css?inline";
export { AddressForm } from "./AddressForm";
export { errorText } from "./Field";
export { fields, promise, reopening } from "./FormFields";
export { FormClient } from "./form_client";
export { TicketReceipt } from "./TicketReceipt";
