/** Handing a ticket to somebody else, or to a department, with a word for them. */
import { useState } from "preact/hooks";
import { type Desk, useDesk } from "../app/console";
import { words } from "../app/preferences";
import { Turned } from "../connection/socket";
import { Avatar } from "../ui/avatar";
import { Dialog } from "../ui/dialog";
import { troubleWords } from "../ui/labels";

interface Receiver {
  key: string;
  name: string;
  hint: string;
  to: { agent: string } | { department: string };
}

/** Those who are free first; who is away can't be rung at all. */
function peopleOf({ presence, departments: all, self }: Desk): (Receiver & { photo: string | null })[] {
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
      hint: [words.value.presence.count(chats, capacity), ...departments.map(nameOf)].join(" · "),
      to: { agent: id },
    }));
}

function departmentsOf({ departments }: Desk): Receiver[] {
  return departments.value.map(({ id, name }) => ({
    key: `d-${id}`,
    name,
    hint: "",
    to: { department: id },
  }));
}

function Choices({
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
          {"agent" in one.to && <Avatar name={one.name} photo={one.photo} size="small" />}
          <span class="choice__name">{one.name}</span>
          <small>{one.hint}</small>
        </label>
      ))}
    </fieldset>
  );
}

function whyNot(error: unknown, { to }: Receiver): string {
  const say = words.value.handOver;
  const away = error instanceof Turned && error.refusal.code === "conflict" && !error.refusal.by;
  if (!away) return troubleWords(error, words.value);
  return "agent" in to ? say.away : say.nobodyThere;
}

export function HandOver() {
  const desk = useDesk();
  const [chosen, choose] = useState<Receiver | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // The one that was open when it was asked for: a click on a notification opens another under this dialog.
  const [ticket] = useState(() => desk.route.place.peek().ticket);
  const say = words.value.handOver;
  const people = peopleOf(desk);
  const pick = (one: Receiver) => {
    choose(one);
    setTrouble(null);
  };
  const close = () => {
    desk.dialog.value = null;
  };

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!chosen || !ticket || busy) return;
    setBusy(true);
    const note = String(new FormData(event.currentTarget as HTMLFormElement).get("note") ?? "");
    const error = await desk.actions.handOver(ticket, chosen.to, chosen.name, note);
    setBusy(false);
    if (error) return setTrouble(whyNot(error, chosen));
    desk.notices.say({ text: say.rings(chosen.name), tone: "plain" });
    close();
  }

  return (
    <Dialog title={say.title} onClose={close} first="input">
      <form class="hand-over" onSubmit={submit}>
        <p class="hint">{say.hint}</p>
        <Choices title={say.people} receivers={people} chosen={chosen} choose={pick} />
        {people.length === 0 && <p>{say.nobody}</p>}
        <Choices title={say.departments} receivers={departmentsOf(desk)} chosen={chosen} choose={pick} />
        <label class="hand-over__note">
          <span>{say.note}</span>
          <textarea class="field" name="note" rows={3} maxLength={4000} dir="auto" />
        </label>
        <p class="bad" role="alert" hidden={!trouble}>
          {trouble}
        </p>
        <p class="dialog__acts">
          <button type="button" class="button button--quiet" onClick={close}>
            {words.value.cancel}
          </button>
          <button type="submit" class="button button--primary" disabled={!chosen || busy}>
            {say.submit}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
