/** A labelled field whose fault is named beside it: an address, or a choice where there are `choices`. */

import type { Props } from "../frame/App";
import type { Category } from "../frame/config";
import type { Words } from "../locales/en";

interface FieldProps extends Props {
  name: "email" | "category";
  label: string;
  choices?: Category[];
}

export function Field({ store, name, label, choices }: FieldProps) {
  const { state, words } = store;
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
          <option value="">{words.noTopic}</option>
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
          {faultInWords(name, code, words)}
        </p>
      )}
    </div>
  );
}

export function faultInWords(field: string, code: string, { bad, checkField }: Words): string {
  return bad[`${field}.${code}`] ?? bad[code] ?? bad[field] ?? checkField;
}
