/** The composer for answers and notes. It saves a draft at each keystroke and sends on Enter. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { TypingSender } from "../../client/conversation/typing";
import { LIMITS, type Ticket } from "../../client/protocol";
import { textLength } from "../../client/text/message_text";
import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Icon } from "../ui/icon";
import type { Tone } from "./drafts";
import type { Thread } from "./thread";

const WARN_FROM = LIMITS.text_max - 400;

/** Why the agent can't answer here; a note is always possible. Null if they can. */
function useBlockedReason(thread: Thread, ticket: Ticket): string | null {
  const { self } = useConsole();
  const t = texts.value.composer;
  const owner = thread.otherOwner(self.id);
  if (ticket.status === "closed") return t.ended;
  return owner ? t.owned(owner.name) : null;
}

function Tabs({ tone, barred, setTone }: { tone: Tone; barred: boolean; setTone: (tone: Tone) => void }) {
  const t = texts.value.composer;
  return (
    <div class="composer__tabs">
      <button
        type="button"
        aria-pressed={tone === "reply"}
        aria-keyshortcuts="Alt+L"
        disabled={barred}
        onClick={() => setTone("reply")}
      >
        {t.reply}
      </button>
      <button
        type="button"
        aria-pressed={tone === "note"}
        aria-keyshortcuts="Alt+P"
        onClick={() => setTone("note")}
      >
        <Icon name="lock" />
        {t.note}
      </button>
    </div>
  );
}

function Count({ length }: { length: number }) {
  const t = texts.value.composer;
  if (length < WARN_FROM) return null;
  const over = length - LIMITS.text_max;
  return <span class={over > 0 ? "bad" : ""}>{over > 0 ? t.tooLong(over) : t.left(-over)}</span>;
}

/** The field is as high as its text, up to a limit in the stylesheet. */
function useHeight(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    if (!field.current) return;
    field.current.style.blockSize = "auto";
    field.current.style.blockSize = `${field.current.scrollHeight}px`;
  }, [text]);
}

const byTouch = (): boolean => matchMedia("(pointer: coarse)").matches;

/** Enter sends with a real keyboard. With a touch keyboard it is the only way to a new line. */
function sends(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return !event.shiftKey && !event.altKey && !byTouch();
}

/** The text in the field and what can be done with it. */
function useWriting(thread: Thread, barred: boolean) {
  const { drafts, socket, outgoing } = useConsole();
  const { id } = thread;
  const draft = drafts.of(id);
  const tone: Tone = barred ? "note" : draft.tone;
  const text = draft[tone];
  const length = textLength(text);
  const typing = useMemo(
    () => new TypingSender((on) => void socket.request("typing", { ticket: id, on }).catch(() => undefined)),
    [id],
  );
  useEffect(() => () => typing.stopped(), [typing]);
  return {
    tone,
    text,
    length,
    ready: length > 0 && length <= LIMITS.text_max,
    setTone: (next: Tone): void => drafts.setTone(id, next),
    write(next: string): void {
      drafts.put(id, { ...draft, [tone]: next, tone });
      if (tone === "reply") typing.typed(next);
    },
    /** After a note the composer switches back to answers. */
    send(): void {
      if (tone === "reply") typing.stopped();
      outgoing.send(id, tone, text.trim());
      drafts.put(id, { ...draft, [tone]: "", tone: "reply" });
    },
  };
}

/** Takes the focus if it was requested before the field was drawn. */
function useWantedFocus(field: { current: HTMLTextAreaElement | null }, id: string): void {
  const { composerFocus } = useConsole().actions;
  useSignalEffect(() => {
    if (composerFocus.value !== id) return;
    composerFocus.value = null;
    field.current?.focus();
  });
}

interface Hint {
  kind: "firm" | "plain" | "keys";
  text: string;
}

/** The most important hint: why no answer is possible, that the answer claims the ticket, or which keys there are. */
function hintFor(ticket: Ticket, barrier: string | null, tone: Tone): Hint {
  const t = texts.value.composer;
  if (barrier !== null) return { kind: "firm", text: barrier };
  if (ticket.agent === null && tone === "reply") return { kind: "plain", text: t.firstAnswer };
  return { kind: "keys", text: byTouch() ? "" : t.hint };
}

function Foot({ hint, now }: { hint: Hint; now: ReturnType<typeof useWriting> }) {
  const t = texts.value.composer;
  return (
    <div class="composer__foot">
      <span class={`composer__hint composer__hint--${hint.kind}`} id="composer-hint">
        {hint.text}
      </span>
      <span role="status">
        <Count length={now.length} />
      </span>
      <button type="submit" class="button button--primary" aria-disabled={!now.ready}>
        {now.tone === "note" ? t.keepNote : t.send}
      </button>
    </div>
  );
}

export function Composer({ thread }: { thread: Thread }) {
  const { actions } = useConsole();
  const field = useRef<HTMLTextAreaElement>(null);
  const ticket = thread.ticket.value as Ticket;
  const barrier = useBlockedReason(thread, ticket);
  const now = useWriting(thread, barrier !== null);
  const t = texts.value.composer;
  const name = actions.nameOf(ticket.id);
  useHeight(field, now.text);
  useWantedFocus(field, ticket.id);

  function act(change: () => void): void {
    change();
    field.current?.focus();
  }
  const send = (event: Event) => {
    event.preventDefault();
    if (now.ready) act(now.send);
  };

  return (
    <form class={`composer composer--${now.tone}`} onSubmit={send}>
      <Tabs tone={now.tone} barred={barrier !== null} setTone={(next) => act(() => now.setTone(next))} />
      <label class="unseen" for="composer">
        {now.tone === "note" ? t.noteAbout(name) : t.replyTo(name)}
      </label>
      <textarea
        id="composer"
        ref={field}
        rows={2}
        dir="auto"
        value={now.text}
        aria-describedby="composer-hint"
        onInput={(event) => now.write(event.currentTarget.value)}
        onKeyDown={(event) => sends(event) && send(event)}
      />
      <Foot hint={hintFor(ticket, barrier, now.tone)} now={now} />
    </form>
  );
}
