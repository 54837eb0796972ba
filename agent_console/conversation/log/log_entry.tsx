/** One entry of the log: a text, a note, an event or a day. */
import { useEffect } from "preact/hooks";
import type { TextEntry } from "../../../client/conversation/log_entries";
import type { Pending } from "../../../client/conversation/timeline";
import { LinkedText } from "../../../client/dom/linked_text";
import type { Note } from "../../../client/protocol/agent";
import type { Message } from "../../../client/protocol/shared";
import { dayLabel, timeOfDay } from "../../../client/text/time_format";
import { useConsole } from "../../app/console";
import { texts, timeLocale } from "../../app/preferences";
import { Avatar } from "../../ui/avatar";
import { Icon } from "../../ui/icon";
import { assignmentReason, eventText, isolate } from "../../ui/labels";
import type { Thread } from "../thread";
import type { LogEntry } from "./log_entries";

interface LogEntryProps {
  entry: LogEntry;
  thread: Thread;
  name: string;
}

interface BubbleProps {
  entry: TextEntry;
  thread: Thread;
  name: string;
}

function Bubble({ entry, thread, name }: BubbleProps) {
  const { self } = useConsole();
  const { own: ours, first, last, seq } = entry;
  const by = entry.author?.id;
  const mine = ours && (!by || by === self.id);
  const author = !ours ? name : mine ? texts.value.you : (entry.author?.name ?? "");
  const read = mine && (thread.ticket.value?.read.visitor ?? 0) >= seq;
  return (
    <div
      class={`message message--${ours ? "team" : "visitor"}${first ? " message--first" : ""}`}
      data-seq={seq}
    >
      {!ours && (last ? <Avatar id={thread.id} name={name} size="small" /> : <span />)}
      <div class={`bubble${ours && !mine ? " bubble--other" : ""}`} dir="auto">
        {!last && <span class="visually-hidden">{author} </span>}
        <LinkedText text={entry.text} />
      </div>
      {last && (
        <p class="message__meta" aria-live="off">
          {isolate(author)} · {timeOfDay(entry.at, timeLocale.value)}
          {read && ` · ${texts.value.thread.readMark}`}
        </p>
      )}
    </div>
  );
}

function PendingBubble({ entry: { key, text, state, first } }: Pick<BubbleProps, "entry">) {
  const { outgoing } = useConsole();
  const t = texts.value.thread;
  const failed = state === "failed";
  return (
    <div class={`message message--team${first ? " message--first" : ""}`}>
      <div class={`bubble bubble--${failed ? "failed" : "pending"}`} dir="auto">
        <LinkedText text={text} />
      </div>
      <p class={`message__meta${failed ? " bad" : ""}`} aria-live={failed ? undefined : "off"}>
        {failed ? (
          <>
            {t.notSent}{" "}
            <button type="button" class="link" onClick={() => outgoing.retry(key)}>
              {texts.value.retry}
            </button>
          </>
        ) : state === "sent" ? (
          t.sent
        ) : (
          t.sending
        )}
      </p>
    </div>
  );
}

function NoteEntry({ note }: { note: Note | Pending }) {
  const { self, outgoing } = useConsole();
  const t = texts.value;
  const author = "author" in note ? note.author : { id: self.id, name: self.name };
  const by = author.id && author.id !== self.id ? (author.name ?? "") : t.you;
  const state = "state" in note ? note.state : null;
  return (
    <div class="note">
      <Icon name="lock" />
      <p dir="auto">
        <span class="note__author" title={t.thread.noteHidden}>
          {by === t.you ? t.composer.note : t.thread.noteBy(isolate(by))}
        </span>
        {" · "}
        <LinkedText text={note.text} />
      </p>
      <p class="note__meta">
        {state === "failed" ? (
          <>
            {t.thread.notSent}{" "}
            <button
              type="button"
              class="link"
              onClick={() => "client_id" in note && outgoing.retry(note.client_id ?? "")}
            >
              {t.retry}
            </button>
          </>
        ) : state ? (
          t.thread.sending
        ) : (
          timeOfDay(note.at, timeLocale.value)
        )}
      </p>
    </div>
  );
}

function EventEntry({ message, thread }: { message: Message; thread: Thread }) {
  const { dialog } = useConsole();
  const t = texts.value;
  const { event } = message;
  const reason = assignmentReason(message, thread.decisions.value, t);
  useEffect(() => {
    if (event?.name === "joined") thread.loadDecisions(message.seq);
  }, [message.seq]);
  return (
    <p class="event" data-seq={message.seq}>
      {eventText(event, t, timeLocale.value)}
      {reason && (
        <>
          {`${t.colon}${reason} · `}
          <button
            type="button"
            class="link"
            onClick={() => {
              dialog.value = "explain";
            }}
          >
            {t.thread.why}
          </button>
        </>
      )}
    </p>
  );
}

export function LogEntryView({ entry, thread, name }: LogEntryProps) {
  switch (entry.kind) {
    case "day":
      return <p class="log__day">{dayLabel(entry.at, timeLocale.value)}</p>;
    case "unread":
      return (
        <p class="log__unread">
          <span>{texts.value.thread.unreadDivider}</span>
        </p>
      );
    case "event":
      return <EventEntry message={entry.message} thread={thread} />;
    case "note":
      return <NoteEntry note={entry.note} />;
    case "text":
      return entry.seq === 0 ? (
        <PendingBubble entry={entry} />
      ) : (
        <Bubble entry={entry} thread={thread} name={name} />
      );
  }
}
