/** What stands under the last line: the place in the queue, the promise, or how to go on after the end. */
import type { Ticket } from "../../client/protocol";
import type { Props } from "../frame/App";
import type { Store } from "../state/store";
import { waitInWords } from "./queue_text";
import { begin } from "./start_new_conversation";

export interface CardProps extends Props {
  ticket: Ticket;
}

export function Cards({ store }: Props) {
  const { ticket, kit, over } = store.state;
  switch (ticket?.status) {
    case "live":
      return ticket.agent ? null : <Waiting store={store} ticket={ticket} />;
    case "open":
    case "on_hold":
      return kit && <kit.Promised store={store} ticket={ticket} />;
    case "solved":
      return over ? null : <Ended store={store} />;
    default:
      return null;
  }
}

function Waiting({ store, ticket }: CardProps) {
  const { words, state } = store;
  const { kit } = state;
  const leave = (leaving: boolean) => () => {
    state.leaving = leaving;
  };
  return (
    <section class="card">
      <h2>{placeOf(store, ticket)}</h2>
      <p>{waitInWords(ticket, words)}</p>
      {state.leaving && kit ? (
        <kit.AddressForm
          store={store}
          label={words.later}
          cancel={{ label: words.keepWaiting, act: leave(false) }}
        />
      ) : (
        <button type="button" class="button" onClick={leave(true)}>
          {words.later}
        </button>
      )}
    </section>
  );
}

function placeOf({ words }: Store, { queue }: Ticket) {
  if (!queue) return words.searching;
  const { before, number, ordinal, after } = words.place(queue.position);
  return [before, number, ordinal && <sup>{ordinal}</sup>, after];
}

function Ended({ store }: Props) {
  return (
    <section class="card">
      <p>{store.words.endedHint}</p>
      <button type="button" class="button" onClick={() => begin(store)}>
        {store.words.fresh}
      </button>
    </section>
  );
}
