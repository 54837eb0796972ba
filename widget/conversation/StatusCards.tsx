/** What stands under the last line: the place in the queue, the promise, or how to go on after the end. */
import type { Ticket } from "../../client/protocol";
import type { Props } from "../frame/App";
import type { Store } from "../state/store";
import { waitText } from "./queue_text";
import { startNewConversation } from "./start_new_conversation";

export interface CardProps extends Props {
  ticket: Ticket;
}

export function StatusCards({ store }: Props) {
  const { ticket, lazyForm, ended } = store.state;
  switch (ticket?.status) {
    case "live":
      return ticket.agent ? null : <Waiting store={store} ticket={ticket} />;
    case "open":
    case "on_hold":
      return lazyForm && <lazyForm.TicketReceipt store={store} ticket={ticket} />;
    case "solved":
      return ended ? null : <Ended store={store} />;
    default:
      return null;
  }
}

function Waiting({ store, ticket }: CardProps) {
  const { texts, state } = store;
  const { lazyForm } = state;
  const leave = (leaving: boolean) => () => {
    state.askingAddress = leaving;
  };
  return (
    <section class="card">
      <h2>{positionText(store, ticket)}</h2>
      <p>{waitText(ticket, texts)}</p>
      {state.askingAddress && lazyForm ? (
        <lazyForm.AddressForm
          store={store}
          label={texts.later}
          cancel={{ label: texts.keepWaiting, act: leave(false) }}
        />
      ) : (
        <button type="button" class="button" onClick={leave(true)}>
          {texts.later}
        </button>
      )}
    </section>
  );
}

function positionText({ texts }: Store, { queue }: Ticket) {
  if (!queue) return texts.searching;
  const { before, number, ordinal, after } = texts.queuePosition(queue.position);
  return [before, number, ordinal && <sup>{ordinal}</sup>, after];
}

function Ended({ store }: Props) {
  return (
    <section class="card">
      <p>{store.texts.endedHint}</p>
      <button type="button" class="button" onClick={() => startNewConversation(store)}>
        {store.texts.fresh}
      </button>
    </section>
  );
}
