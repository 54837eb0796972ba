/** The cards under the log: the queue position, how to go on after the end, and those of the features. */
import type { Ticket } from "../../client/protocol/shared";
import type { TicketProps, ViewContext, ViewProps } from "../state/view_context";
import { waitText } from "./queue_text";
import { startNewConversation } from "./start_new_conversation";

export function StatusCards({ store }: ViewProps) {
  const { ticket, ended } = store.state;
  return (
    <>
      {ticket?.status === "live" && !ticket.agent && <Waiting store={store} ticket={ticket} />}
      {ticket?.status === "solved" && !ended && <Ended store={store} />}
      {store.slots.map(({ card }) => card?.())}
    </>
  );
}

function Waiting({ store, ticket }: TicketProps) {
  const { texts, state, lazyForm } = store;
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
          label={texts.answerLater}
          cancel={{ label: texts.keepWaiting, act: leave(false) }}
        />
      ) : (
        <button type="button" class="button" onClick={leave(true)}>
          {texts.answerLater}
        </button>
      )}
    </section>
  );
}

function positionText({ texts }: ViewContext, { queue }: Ticket) {
  if (!queue) return texts.searching;
  const { before, number, ordinal, after } = texts.queuePosition(queue.position);
  return [before, number, ordinal && <sup>{ordinal}</sup>, after];
}

function Ended({ store }: ViewProps) {
  return (
    <section class="card">
      <p>{store.texts.endedHint}</p>
      <button type="button" class="button" onClick={() => startNewConversation(store)}>
        {store.texts.newConversation}
      </button>
    </section>
  );
}
