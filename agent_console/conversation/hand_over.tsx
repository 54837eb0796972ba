/** The dialog that hands a ticket to another agent or a department, with a note. */
import { useState } from "preact/hooks";
import { type AgentConsole, useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { ServerRefused } from "../connection/socket";
import { Avatar } from "../ui/avatar";
import { Dialog } from "../ui/dialog";
import { errorText, isolate } from "../ui/labels";

interface Receiver {
  key: string;
  name: string;
  hint: string;
  to: { agent: string } | { department: string };
}

/** The available agents, the least busy first. An agent who is away can't take an offer. */
function peopleOf({
  presence,
  departments: all,
  self,
}: AgentConsole): (Receiver & { photo: string | null })[] {
  const others = [...presence.team.value.values()].filter(
    (one) => one.id !== self.id && one.state === "available",
  );
  const nameOf = (id: string) => all.value.find((part) => part.id === id)?.name ?? "";
  return others
    .sort((a, b) => a.chats / a.capacity - b.chats / b.capacity || a.name.localeCompare(b.name))
    .map(({ id, name, photo, chats, capacity, departments }) => ({
      key: `a-${id}`,
      name,
      photo,
      hint: [texts.value.presence.count(chats, capacity), ...departments.map(nameOf)].join(" · "),
      to: { agent: id },
    }));
}

function departmentsOf({ departments }: AgentConsole): Receiver[] {
  return departments.value.map(({ id, name }) => ({
    key: `d-${id}`,
    name,
    hint: "",
    to: { department: id },
  }));
}

function ReceiverChoices({
  title,
  receivers,
  chosen,
  choose,
}: {
  title: string;
  receivers: readonly (Receiver & { photo?: string | null })[];
  chosen: Receiver | null;
  choose: (one: Receiver) => void;
}) {
  if (receivers.length === 0) return null;
  return (
    <fieldset class="choices">
      <legend>{title}</legend>
      {receivers.map((one) => (
        <label key={one.key} class="choice">
          <input type="radio" name="to" checked={chosen?.key === one.key} onChange={() => choose(one)} />
          {"agent" in one.to && <Avatar id={one.to.agent} name={one.name} photo={one.photo} size="small" />}
          <span class="choice__name">{one.name}</span>
          <small>{one.hint}</small>
        </label>
      ))}
    </fieldset>
  );
}

function errorMessage(requestError: unknown, { to }: Receiver): string {
  const t = texts.value.handOver;
  const away =
    requestError instanceof ServerRefused &&
    requestError.refusal.code === "conflict" &&
    !requestError.refusal.by;
  if (!away) return errorText(requestError, texts.value);
  return "agent" in to ? t.away : t.nobodyThere;
}

export function HandOver() {
  const agentConsole = useConsole();
  const [chosen, choose] = useState<Receiver | null>(null);
  const [requestError, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // The ticket that was open when the dialog opened: a click on a notification may open another one behind it.
  const [ticket] = useState(() => agentConsole.router.ticket.peek());
  const t = texts.value.handOver;
  const people = peopleOf(agentConsole);
  const pick = (one: Receiver) => {
    choose(one);
    setError(null);
  };
  const close = () => {
    agentConsole.dialog.value = null;
  };

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!chosen || !ticket || busy) return;
    setBusy(true);
    const note = String(new FormData(event.currentTarget as HTMLFormElement).get("note") ?? "");
    const requestError = await agentConsole.actions.handOver(ticket, chosen.to, chosen.name, note);
    setBusy(false);
    if (requestError) return setError(errorMessage(requestError, chosen));
    agentConsole.toasts.show({ text: t.ringing(isolate(chosen.name)), tone: "plain" });
    close();
  }

  return (
    <Dialog title={t.title} onClose={close} first="input">
      <form class="hand-over" onSubmit={submit}>
        <p class="hint">{t.hint}</p>
        <ReceiverChoices title={t.people} receivers={people} chosen={chosen} choose={pick} />
        {people.length === 0 && <p>{t.nobody}</p>}
        <ReceiverChoices
          title={t.departments}
          receivers={departmentsOf(agentConsole)}
          chosen={chosen}
          choose={pick}
        />
        <label class="hand-over__note">
          <span>{t.note}</span>
          <textarea class="field" name="note" rows={3} maxLength={4000} dir="auto" />
        </label>
        <p class="bad" role="alert" hidden={!requestError}>
          {requestError}
        </p>
        <p class="dialog__actions">
          <button type="button" class="button button--quiet" onClick={close}>
            {texts.value.cancel}
          </button>
          <button type="submit" class="button button--primary" disabled={!chosen || busy}>
            {t.submit}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
