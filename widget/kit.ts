/** Forms and promises, loaded when there is one to be shown: most who open a chat never see them. */
export { Desk } from "./desk";
export { default as styles } from "./styles/form.css?inline";
export { AddressForm } from "./views/AddressForm";
export { faultInWords } from "./views/Field";
export { fields, promise, reopening } from "./views/FormFields";
export { Promised } from "./views/Promised";
