/** The composer for answers and notes. It saves a draft at each keystroke and sends on Enter. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { TypingSender } from "../../client/conversation/typing";
import { isComposing } from "../../client/dom/composition";
import type { Ticket } from "../../client/protocol/shared";
import { TEXT_MAX, textLength } from "../../client/text/message_text";
import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Icon } from "../ui/icon";
import { isolate } from "../ui/labels";
import type { ComposerMode } from "./drafts";
import type { Thread } from "./thread";

const WARN_FROM = TEXT_MAX - 400;

/** Why the agent can't answer here; a note is always possible. Null if they can. */
function useBlockedReason(thread: Thread, ticket: Ticket): string | null {
  const { self } = useConsole();
  const t = texts.value.composer;
  const owner = thread.otherOwner(self.id);
  if (ticket.status === "closed") return t.ended;
  return owner ? t.owned(isolate(owner.name)) : null;
}

function Tabs({
  mode,
  blocked,
  setMode,
}: {
  mode: ComposerMode;
  blocked: boolean;
  setMode: (mode: ComposerMode) => void;
}) {
  const t = texts.value.composer;
  return (
    <div class="composer__tabs">
      <button
        type="button"
        aria-pressed={mode === "reply"}
        aria-keyshortcuts="Alt+L"
        disabled={blocked}
        onClick={() => setMode("reply")}
      >
        <Icon name="bubble" />
        <span>{t.reply}</span>
      </button>
      <button
        type="button"
        aria-pressed={mode === "note"}
        aria-keyshortcuts="Alt+P"
        onClick={() => setMode("note")}
      >
        <Icon name="lock" />
        <span>{t.note}</span>
      </button>
    </div>
  );
}

function CharacterCount({ length }: { length: number }) {
  const t = texts.value.composer;
  if (length < WARN_FROM) return null;
  const over = length - TEXT_MAX;
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

const hasTouch = (): boolean => matchMedia("(pointer: coarse)").matches;

/** Enter sends with a real keyboard. With a touch keyboard it is the only way to a new line. */
function isSendKey(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || isComposing(event)) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return !event.shiftKey && !event.altKey && !hasTouch();
}

/** The text in the field and what can be done with it. */
function useComposer(thread: Thread, blocked: boolean) {
  const { drafts, socket, outgoing } = useConsole();
  const { id } = thread;
  const draft = drafts.of(id);
  const mode: ComposerMode = blocked ? "note" : draft.mode;
  const text = draft[mode];
  const length = textLength(text);
  const typing = useMemo(
    () => new TypingSender((on) => void socket.request("typing", { ticket: id, on }).catch(() => undefined)),
    [id],
  );
  useEffect(() => () => typing.stopped(), [typing]);
  return {
    mode,
    text,
    length,
    ready: length > 0 && length <= TEXT_MAX,
    setMode: (next: ComposerMode): void => drafts.setMode(id, next),
    write(next: string): void {
      drafts.put(id, { ...draft, [mode]: next, mode });
      if (mode === "reply") typing.typed(next);
    },
    /** After a note the composer switches back to answers. */
    send(): void {
      if (mode === "reply") typing.stopped();
      outgoing.send(id, mode, text.trim());
      drafts.put(id, { ...draft, [mode]: "", mode: "reply" });
    },
  };
}

/** Takes the focus if it was requested before the field was drawn. */
function useRequestedFocus(field: { current: HTMLTextAreaElement | null }, id: string): void {
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
function hintFor(ticket: Ticket, blockedReason: string | null, mode: ComposerMode): Hint {
  const t = texts.value.composer;
  if (blockedReason !== null) return { kind: "firm", text: blockedReason };
  if (ticket.agent === null && mode === "reply") return { kind: "plain", text: t.firstAnswer };
  return { kind: "keys", text: hasTouch() ? "" : mode === "note" ? t.noteHint : t.hint };
}

function ComposerFooter({ hint, now }: { hint: Hint; now: ReturnType<typeof useComposer> }) {
  const t = texts.value.composer;
  return (
    <div class="composer__foot">
      <span class={`composer__hint composer__hint--${hint.kind}`} id="composer-hint">
        {hint.text}
      </span>
      <span role="status">
        <CharacterCount length={now.length} />
      </span>
      <button type="submit" class="button button--primary" aria-disabled={!now.ready}>
        {now.mode === "note" ? t.addNote : t.send}
      </button>
    </div>
  );
}

export function Composer({ thread }: { thread: Thread }) {
  const { actions } = useConsole();
  const field = useRef<HTMLTextAreaElement>(null);
  const ticket = thread.ticket.value as Ticket;
  const blockedReason = useBlockedReason(thread, ticket);
  const now = useComposer(thread, blockedReason !== null);
  const t = texts.value.composer;
  const name = actions.nameOf(ticket.id);
  useHeight(field, now.text);
  useRequestedFocus(field, ticket.id);

  function act(change: () => void): void {
    change();
    field.current?.focus();
  }
  const send = (event: Event) => {
    event.preventDefault();
    if (now.ready) act(now.send);
  };

  return (
    <form class={`composer composer--${now.mode}`} onSubmit={send}>
      <Tabs
        mode={now.mode}
        blocked={blockedReason !== null}
        setMode={(next) => act(() => now.setMode(next))}
      />
      <label class="visually-hidden" for="composer">
        {now.mode === "note" ? t.noteAbout(name) : t.replyTo(name)}
      </label>
      <textarea
        id="composer"
        ref={field}
        rows={1}
        dir="auto"
        value={now.text}
        aria-describedby="composer-hint"
        onInput={(event) => now.write(event.currentTarget.value)}
        onKeyDown={(event) => isSendKey(event) && send(event)}
      />
      <ComposerFooter hint={hintFor(ticket, blockedReason, now.mode)} now={now} />
    </form>
  );
}
