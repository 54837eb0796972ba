/** The parts of the form besides the text: the promise and the other fields. */
import { dateAndTime, reopeningTime } from "../../client/text/future_time";
import type { ViewContext } from "../state/view_context";
import { Field } from "./Field";
import { labelledFields } from "./form_fields";

export function fields(store: ViewContext) {
  const { texts, config } = store;
  return labelledFields(config, texts).map(([field, label]) => (
    <Field key={field.name} store={store} field={field} label={label} />
  ));
}

/** The time by which we answer, shown before the visitor writes. */
export function promise({ state, texts, timeLocale }: ViewContext) {
  const due = state.service?.promise?.due;
  return (
    due && (
      <p class="promise">
        {texts.answeredBefore} <b>{dateAndTime(due, timeLocale)}</b>
      </p>
    )
  );
}

/** Why there is a form and no chat. */
export function reopening({ state: { service }, texts, timeLocale }: ViewContext): string {
  if (service?.state !== "closed") return texts.nobody;
  return service.next_open ? texts.closed(reopeningTime(service.next_open, timeLocale)) : texts.closedForNow;
}
