/** A field of the form: its label, its control and its error. */

import type { FormField } from "../frame/config";
import type { Texts } from "../locales/en";
import type { ViewProps } from "../state/view_context";

interface FieldProps extends ViewProps {
  field: FormField;
  label: string;
}

export function Field({ store, field: { name, control, autocomplete }, label }: FieldProps) {
  const { state, texts, config } = store;
  const code = state.errors[name];
  const prefilled = state.prefill[name];
  const attributes = {
    id: name,
    name,
    autocomplete,
    "aria-invalid": !!code,
    "aria-describedby": code && `${name}-error`,
  };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {control === "select" ? (
        <select {...attributes}>
          <option value="">{texts.noChoice}</option>
          {config.choices[name]?.map(({ id, name }) => (
            <option value={id} selected={id === prefilled}>
              {name}
            </option>
          ))}
        </select>
      ) : control === "textarea" ? (
        <textarea {...attributes} rows={3} dir="auto" defaultValue={prefilled} />
      ) : (
        <input {...attributes} type={control} defaultValue={prefilled} />
      )}
      {code && (
        <p class="error" id={`${name}-error`}>
          {errorText(name, code, texts)}
        </p>
      )}
    </div>
  );
}

export function errorText(field: string, code: string, { errors, checkField }: Texts): string {
  return errors[`${field}.${code}`] ?? errors[code] ?? errors[field] ?? checkField;
}
