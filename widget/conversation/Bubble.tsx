/** One text: who, what, when, and for our own how far it has come. Links are text nodes in anchors, nothing else. */
import { Component } from "preact";
import { pieces } from "../../client/text/linkify";
import { clock } from "../../client/text/time_format";
import type { Store } from "../state/store";
import type { Said } from "./log_entries";

interface Props {
  store: Store;
  entry: Said;
}

export class Bubble extends Component<Props> {
  /** A log of 500 lines must not cost a keystroke. */
  override shouldComponentUpdate({ entry }: Props): boolean {
    return JSON.stringify(entry) !== JSON.stringify(this.props.entry);
  }

  override render({ store, entry }: Props) {
    const { words, reader } = store;
    const who = entry.mine ? words.you : (entry.author ?? words.team);
    const names = [
      "said",
      entry.mine && "said--mine",
      entry.first && "said--first",
      entry.last && "said--last",
    ];
    return (
      <div class={names.filter(Boolean).join(" ")}>
        <span class="unseen">{`${who}, ${clock(entry.at, reader)}: `}</span>
        <p class="bubble" dir="auto">
          {pieces(entry.text).map(({ text, href }) =>
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
  const { words, talk, reader } = store;
  const { state, mine, author, key, retryAt } = entry;
  if (retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    return <p class="meta meta--warn">{words.slowed(seconds)}</p>;
  }
  if (state === "failed") {
    return (
      <p class="meta meta--bad" role="alert">
        {words.notSent}{" "}
        <button type="button" onClick={() => talk.retry(key)}>
          {words.retry}
        </button>
      </p>
    );
  }
  const time = clock(entry.at, reader);
  const told = mine ? `${time} · ${words[state]}` : author ? `${author} · ${time}` : time;
  return <p class="meta">{state === "sending" ? words.sending : told}</p>;
}
