/** Forms and promises, loaded when there is one to be shown: most who open a chat never see them. */

export { default as styles } from "../styles/form.css?inline";
export { AddressForm } from "./AddressForm";
export { faultText } from "./Field";
export { fields, promise, reopening } from "./FormFields";
export { FormClient } from "./form_client";
export { TicketReceipt } from "./TicketReceipt";
