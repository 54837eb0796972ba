/** Where an answer or a note is written: kept as a draft at every letter, sent by Enter. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { LIMITS, type Ticket } from "../../client/protocol";
import { OwnTyping } from "../../client/typing";
import type { Tone } from "../drafts";
import { words } from "../settings";
import { useDesk } from "../store";
import type { Thread } from "../thread";
import { Icon } from "./icon";

const WARN_FROM = LIMITS.text_max - 400;

/** As the server counts: code points, composed, without the blanks around. */
export function lengthOf(text: string): number {
  return [...text.normalize("NFC").trim()].length;
}

/** Why no answer can be written here; a note always can. */
function useBarrier(thread: Thread, ticket: Ticket): string | null {
  const { self } = useDesk();
  const say = words.value.composer;
  const owner = thread.otherOwner(self.id);
  if (ticket.status === "closed") return say.ended;
  return owner ? say.owned(owner.name) : null;
}

function Tabs({ tone, barred, turn }: { tone: Tone; barred: boolean; turn: (tone: Tone) => void }) {
  const say = words.value.composer;
  return (
    <div class="composer__tabs">
      <button
        type="button"
        aria-pressed={tone === "reply"}
        aria-keyshortcuts="Alt+L"
        disabled={barred}
        onClick={() => turn("reply")}
      >
        {say.reply}
      </button>
      <button
        type="button"
        aria-pressed={tone === "note"}
        aria-keyshortcuts="Alt+P"
        onClick={() => turn("note")}
      >
        <Icon name="lock" />
        {say.note}
      </button>
    </div>
  );
}

function Count({ length }: { length: number }) {
  const say = words.value.composer;
  if (length < WARN_FROM) return null;
  const over = length - LIMITS.text_max;
  return <span class={over > 0 ? "bad" : ""}>{over > 0 ? say.tooLong(over) : say.left(-over)}</span>;
}

/** The field is as high as its text, up to a limit set in the style. */
function useHeight(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    if (!field.current) return;
    field.current.style.blockSize = "auto";
    field.current.style.blockSize = `${field.current.scrollHeight}px`;
  }, [text]);
}

/** Enter sends where there is a real keyboard; on a phone it is the only way to a new line. */
function sends(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return !event.shiftKey && !event.altKey && !matchMedia("(pointer: coarse)").matches;
}

export function Composer({ thread }: { thread: Thread }) {
  const desk = useDesk();
  const field = useRef<HTMLTextAreaElement>(null);
  const ticket = thread.ticket.value as Ticket;
  const barrier = useBarrier(thread, ticket);
  const tone: Tone = barrier ? "note" : desk.drafts.of(ticket.id).tone;
  const text = desk.drafts.of(ticket.id)[tone];
  const length = lengthOf(text);
  const say = words.value.composer;
  const name = desk.actions.nameOf(ticket.id);
  const typing = useMemo(
    () =>
      new OwnTyping((on) => void desk.link.ask("typing", { ticket: ticket.id, on }).catch(() => undefined)),
    [ticket.id],
  );
  useEffect(() => () => typing.stopped(), [typing]);
  useHeight(field, text);
  useSignalEffect(() => {
    if (desk.actions.writing.value !== thread.id) return;
    desk.actions.writing.value = null;
    field.current?.focus();
  });
  const canSend = length > 0 && length <= LIMITS.text_max;

  function turn(next: Tone): void {
    desk.drafts.turn(ticket.id, next);
    field.current?.focus();
  }

  function send(): void {
    if (!canSend) return;
    if (tone === "reply") typing.stopped();
    desk.mailbox.send(ticket.id, tone, text.trim());
    desk.drafts.put(ticket.id, { ...desk.drafts.of(ticket.id), [tone]: "", tone: "reply" });
    field.current?.focus();
  }

  function write(next: string): void {
    desk.drafts.put(ticket.id, { ...desk.drafts.of(ticket.id), [tone]: next, tone });
    if (tone === "reply") typing.typed(next);
  }

  const hint = barrier ?? (ticket.agent === null && tone === "reply" ? say.firstAnswer : say.hint);
  return (
    <form
      class={`composer composer--${tone}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Tabs tone={tone} barred={barrier !== null} turn={turn} />
      <label class="unseen" for="composer">
        {tone === "note" ? say.noteAbout(name) : say.replyTo(name)}
      </label>
      <textarea
        id="composer"
        ref={field}
        rows={2}
        dir="auto"
        value={text}
        aria-describedby="composer-hint"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (!sends(event)) return;
          event.preventDefault();
          send();
        }}
      />
      <div class="composer__foot">
        <span class={`composer__hint${barrier ? " composer__hint--firm" : ""}`} id="composer-hint">
          {hint}
        </span>
        <span role="status">
          <Count length={length} />
        </span>
        <button type="submit" class="button button--primary" aria-disabled={!canSend}>
          {tone === "note" ? say.keepNote : say.send}
        </button>
      </div>
    </form>
  );
}
