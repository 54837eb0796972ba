/** Forms and promises, loaded when there is one to be shown: most who open a chat never see them. */
export { Desk } from "./desk";
export { AddressForm } from "./views/AddressForm";
export { faultInWords } from "./views/Field";
export { fields, promise } from "./views/FormFields";
export { Promised } from "./views/Promised";
