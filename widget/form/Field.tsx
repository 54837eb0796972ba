/** A labelled field with its error beside it: an address, or a select if there are `choices`. */

import type { Category } from "../frame/config";
import type { Texts } from "../locales/en";
import type { ViewProps } from "../state/view_context";

interface FieldProps extends ViewProps {
  name: "email" | "category";
  label: string;
  choices?: Category[];
}

export function Field({ store, name, label, choices }: FieldProps) {
  const { state, texts } = store;
  const code = state.faults[name];
  const prefilled = state.prefill[name];
  const given = {
    id: name,
    name,
    "aria-invalid": !!code,
    "aria-describedby": code && `${name}-fault`,
  };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {choices ? (
        <select {...given}>
          <option value="">{texts.noTopic}</option>
          {choices.map(({ id, name }) => (
            <option value={id} selected={id === prefilled}>
              {name}
            </option>
          ))}
        </select>
      ) : (
        <input {...given} type="email" autocomplete="email" defaultValue={prefilled} />
      )}
      {code && (
        <p class="fault" id={`${name}-fault`}>
          {faultText(name, code, texts)}
        </p>
      )}
    </div>
  );
}

export function faultText(field: string, code: string, { bad, checkField }: Texts): string {
  return bad[`${field}.${code}`] ?? bad[code] ?? bad[field] ?? checkField;
}
