/** One text: who, what, when, and for our own how far it has come. Links are text nodes in anchors, nothing else. */
import { Component } from "preact";
import { linkify } from "../../client/text/linkify";
import { timeOfDay } from "../../client/text/time_format";
import type { Store } from "../state/store";
import type { TextEntry } from "./log_entries";

interface Props {
  store: Store;
  entry: TextEntry;
}

export class Bubble extends Component<Props> {
  /** A log of 500 lines must not cost a keystroke. */
  override shouldComponentUpdate({ entry }: Props): boolean {
    return JSON.stringify(entry) !== JSON.stringify(this.props.entry);
  }

  override render({ store, entry }: Props) {
    const { texts, timeLocale } = store;
    const who = entry.mine ? texts.you : (entry.author ?? texts.team);
    const names = [
      "said",
      entry.mine && "said--mine",
      entry.first && "said--first",
      entry.last && "said--last",
    ];
    return (
      <div class={names.filter(Boolean).join(" ")}>
        <span class="unseen">{`${who}, ${timeOfDay(entry.at, timeLocale)}: `}</span>
        <p class="bubble" dir="auto">
          {linkify(entry.text).map(({ text, href }) =>
            href ? (
              <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
                {text}
              </a>
            ) : (
              text
            ),
          )}
        </p>
        {entry.last && <Meta store={store} entry={entry} />}
      </div>
    );
  }
}

function Meta({ store, entry }: Props) {
  const { texts, session, timeLocale } = store;
  const { state, mine, author, key, retryAt } = entry;
  if (retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    return <p class="meta meta--warn">{texts.slowed(seconds)}</p>;
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
  const label = mine ? `${time} · ${texts[state]}` : author ? `${author} · ${time}` : time;
  return <p class="meta">{state === "sending" ? texts.sending : label}</p>;
}
