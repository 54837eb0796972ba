/** What the visitor sees of a ticket that we must answer: its number, its promise and its link. */
import { ANSWER_OWED_STATUSES } from "../../client/protocol/vocabulary";
import { dateAndTime } from "../../client/text/future_time";
import type { TicketProps, ViewContext, ViewProps } from "../state/view_context";
import { Icon } from "../ui/Icon";
import { AddressForm } from "./AddressForm";

const CHECK = "m5 12 5 5L20 7";
const COPY = "M9 9h10v11H9zM15 9V4H5v11h4";

/** The receipt of a ticket that we must answer; of another one, nothing. */
export function receipt(store: ViewContext) {
  const { ticket } = store.state;
  return (
    ticket && ANSWER_OWED_STATUSES.includes(ticket.status) && <TicketReceipt store={store} ticket={ticket} />
  );
}

function TicketReceipt({ store, ticket }: TicketProps) {
  const { texts, timeLocale } = store;
  const { promise, hold, reachable, link } = ticket;
  const late = promise && Date.parse(promise.due) < Date.now();
  const label = late ? texts.answerLate : hold ? texts.estimated : texts.answeredBefore;
  return (
    <section class="card">
      <h2>{texts.number(ticket.number)}</h2>
      {promise && (
        <p class="promise">
          {label} <b>{dateAndTime(promise.due, timeLocale)}</b>
        </p>
      )}
      {link && <TicketLink store={store} name={texts.number(ticket.number)} link={link} />}
      {reachable ? <p>{texts.answerHere}</p> : <AddressForm store={store} label={texts.submit} />}
    </section>
  );
}

function TicketLink({ store, name, link }: ViewProps & { name: string; link: string }) {
  const { texts, state, announcer } = store;
  const copied = state.copied === link;
  const copy = async (button: HTMLElement) => {
    const field = button.previousSibling as HTMLInputElement;
    field.select();
    if (await copyText(link)) {
      state.copied = link;
      announcer.announce(texts.copied);
    } else {
      // The link is selected, to be copied by hand; with the focus a screen reader says so.
      field.focus();
    }
  };
  return (
    <>
      <input aria-label={name} value={link} readOnly dir="ltr" />
      <button type="button" class="button button--main" onClick={(event) => void copy(event.currentTarget)}>
        <Icon path={copied ? CHECK : COPY} size={16} />
        {copied ? texts.copied : texts.copy}
      </button>
    </>
  );
}

/** False if the browser denies both ways: the clipboard, and the older command that copies what is selected. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
