/** The dialog that puts a ticket on hold, or moves its date: until when, why, and whether the visitor is told why. */
import { useState } from "preact/hooks";
import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Dialog } from "../ui/dialog";
import { errorText } from "../ui/labels";

const DAY_MS = 86_400_000;

/** A moment as the value of an input of type datetime-local, in the browser's time zone. */
export function inputValue(moment: Date): string {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, "2026-11-26T12:00".length);
}

/** In three days at noon; later if that is a weekend. */
export function defaultUntil(now: Date): Date {
  const until = new Date(now.getTime() + 3 * DAY_MS);
  until.setHours(12, 0, 0, 0);
  while (until.getDay() % 6 === 0) until.setDate(until.getDate() + 1);
  return until;
}

export function HoldDialog() {
  const { actions, dialog, router, threads } = useConsole();
  // The ticket that was open when the dialog opened: a click on a notification may open another one behind it.
  const [ticket] = useState(() => router.ticket.peek());
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const t = texts.value.hold;
  const current = ticket ? threads.find(ticket)?.ticket.peek()?.hold : null;
  const close = () => {
    dialog.value = null;
  };

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!ticket || busy) return;
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const until = new Date(String(fields.get("until")));
    if (!(until.getTime() > Date.now())) return setFailure(t.past);
    setBusy(true);
    const error = await actions.hold({
      ticket,
      until: until.toISOString(),
      reason: String(fields.get("reason")).trim(),
      tell: fields.has("tell"),
    });
    setBusy(false);
    if (error) setFailure(errorText(error, texts.value));
    else close();
  }

  return (
    <Dialog title={t.title} onClose={close} first="input">
      <form class="hand-over" onSubmit={submit}>
        <p class="hint">{t.hint}</p>
        <label class="hand-over__note">
          <span>{t.until}</span>
          <input
            class="field"
            type="datetime-local"
            name="until"
            required
            defaultValue={inputValue(current ? new Date(current.until) : defaultUntil(new Date()))}
          />
        </label>
        <label class="hand-over__note">
          <span>{t.reason}</span>
          <textarea class="field" name="reason" rows={3} maxLength={500} required dir="auto">
            {current?.reason ?? ""}
          </textarea>
        </label>
        <label class="choice">
          <input type="checkbox" name="tell" defaultChecked={!!current?.reason} />
          <span class="choice__name">{t.tell}</span>
        </label>
        <p class="bad" role="alert" hidden={!failure}>
          {failure}
        </p>
        <p class="dialog__actions">
          <button type="button" class="button button--quiet" onClick={close}>
            {texts.value.cancel}
          </button>
          <button type="submit" class="button button--primary" disabled={busy}>
            {t.submit}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
