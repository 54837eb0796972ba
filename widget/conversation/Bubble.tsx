/** One text of the log: author, text and time; for the visitor's own also its state. */
import { Component } from "preact";
import type { TextEntry } from "../../client/conversation/log_entries";
import { LinkedText } from "../../client/dom/linked_text";
import { timeOfDay } from "../../client/text/time_format";
import type { ViewProps } from "../state/view_context";

interface Props extends ViewProps {
  entry: TextEntry;
}

export class Bubble extends Component<Props> {
  /** Without this a log of 500 entries would be drawn again at every keystroke. */
  override shouldComponentUpdate({ entry }: Props): boolean {
    return JSON.stringify(entry) !== JSON.stringify(this.props.entry);
  }

  override render({ store, entry }: Props) {
    const { texts, timeLocale } = store;
    const author = entry.own ? texts.you : (entry.author?.name ?? texts.team);
    const names = [
      "message",
      entry.own && "message--own",
      entry.first && "message--first",
      entry.last && "message--last",
    ];
    return (
      <div class={names.filter(Boolean).join(" ")}>
        <span class="visually-hidden">{`${author}, ${timeOfDay(entry.at, timeLocale)}: `}</span>
        <p class="bubble" dir="auto">
          <LinkedText text={entry.text} />
        </p>
        {entry.last && <Meta store={store} entry={entry} />}
      </div>
    );
  }
}

function Meta({ store, entry }: Props) {
  const { texts, session, timeLocale } = store;
  const { state, own, author, key, retryAt } = entry;
  if (retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    return <p class="meta meta--warn">{texts.rateLimited(seconds)}</p>;
  }
  if (state === "failed") {
    return (
      <p class="meta meta--bad" role="alert">
        {texts.notSent}{" "}
        <button type="button" onClick={() => session.retry(key)}>
          {texts.retry}
        </button>
      </p>
    );
  }
  const time = timeOfDay(entry.at, timeLocale);
  const name = author?.name;
  // A name that is written from right to left would change the order of the time.
  const label = own ? `${time} · ${texts[state]}` : [<bdi key="name">{name}</bdi>, name && " · ", time];
  // A new state is a new element, but the log does not read it out again.
  return (
    <p class="meta" aria-live="off">
      {state === "sending" ? texts.sending : label}
    </p>
  );
}
