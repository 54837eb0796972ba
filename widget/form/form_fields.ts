/** The server's table of form fields, as the widget uses it. A new field needs only its label and errors in locales/. */
import { FORM_FIELDS } from "../../client/protocol/visitor";
import type { FormField, FormFieldValues, FrameConfig } from "../frame/config";
import type { Texts } from "../locales/en";

export const EMAIL = FORM_FIELDS.find((field) => field.control === "email") as FormField;

/** The fields below the text, with their labels; a select only if the site has options for it. */
export function labelledFields({ choices }: FrameConfig, { labels }: Texts): [FormField, string][] {
  return FORM_FIELDS.filter(({ name, control }) => control !== "select" || choices[name]?.length)
    .filter(({ name }) => name in labels)
    .map((field) => [field, labels[field.name as keyof Texts["labels"]]]);
}

/** False for a field that only the host page fills in, by its prefill. */
export const isDrawn = (name: string, { labels }: Texts) => name === "text" || name in labels;

/** The values of all fields; of a field that the widget does not draw, the value that the host page prefilled. */
export function formValues(typed: FormFieldValues, prefill: FormFieldValues, texts: Texts): FormFieldValues {
  const value = ({ name }: FormField) => (isDrawn(name, texts) ? typed : prefill)[name];
  return Object.fromEntries(FORM_FIELDS.map((field) => [field.name, value(field) || undefined]));
}

/** The errors that need no server, by field. The server checks again. */
export function localErrors(fields: readonly FormField[], values: FormFieldValues): Record<string, string> {
  const errors = fields.map((field) => [field.name, errorOf(field, values[field.name]?.trim() ?? "")]);
  return Object.fromEntries(errors.filter(([, code]) => code));
}

function errorOf({ required, control }: FormField, value: string): string | undefined {
  if (required && !value) return "empty";
  if (control === "email" && value && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return "bad_request";
  return undefined;
}
