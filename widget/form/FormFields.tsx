/** What the form has beside the text: a promise above it, a topic where the site has some, and an address. */
import { dayAndClock, opening } from "../../client/text/future_time";
import type { Store } from "../state/store";
import { Field } from "./Field";

export function fields(store: Store) {
  const { words, config } = store;
  return [
    config.categories.length > 0 && (
      <Field store={store} name="category" label={words.topic} choices={config.categories} />
    ),
    <Field store={store} name="email" label={words.email} />,
  ];
}

/** A date, before anybody has written a word. */
export function promise({ state, words, reader }: Store) {
  const due = state.service?.promise?.due;
  return (
    due && (
      <p class="promise">
        {words.answeredBefore} <b>{dayAndClock(due, reader)}</b>
      </p>
    )
  );
}

/** Why there is a form and no chat. */
export function reopening({ state: { service }, words, reader }: Store): string {
  if (service?.state !== "closed") return words.nobody;
  return service.next_open ? words.closed(opening(service.next_open, reader)) : words.closedForNow;
}
