/** One line of a log: a bubble, a note, an event in words, a day. Text nodes only. */
import { useEffect } from "preact/hooks";
import type { Pending } from "../../../client/conversation/timeline";
import type { Message, Note } from "../../../client/protocol";
import { linkify } from "../../../client/text/linkify";
import { dayLabel, timeOfDay } from "../../../client/text/time_format";
import { useConsole } from "../../app/console";
import { texts, timeLocale } from "../../app/preferences";
import { Avatar } from "../../ui/avatar";
import { Icon } from "../../ui/icon";
import { assignmentReason, eventText } from "../../ui/labels";
import type { Thread } from "../thread";
import type { LogEntry } from "./log_entries";

export function MessageText({ text }: { text: string }) {
  return (
    <>
      {linkify(text).map((piece, at) =>
        piece.href ? (
          <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}

interface LogEntryProps {
  entry: LogEntry;
  thread: Thread;
  name: string;
}

function Bubble({
  message,
  first,
  last,
  thread,
  name,
}: { message: Message; first: boolean; last: boolean } & Omit<LogEntryProps, "entry">) {
  const { self } = useConsole();
  const theirs = message.author.kind === "visitor";
  const by = message.author.id;
  const own = !theirs && (!by || by === self.id);
  const author = theirs ? name : own ? texts.value.you : (message.author.name ?? "");
  const read = own && (thread.ticket.value?.applyRead.visitor ?? 0) >= message.seq;
  return (
    <div class={`line line--${theirs ? "them" : "us"}${first ? " line--first" : ""}`} data-seq={message.seq}>
      {theirs && (last ? <Avatar name={name} size="small" /> : <span class="line__space" />)}
      <div class={`bubble${own || theirs ? "" : " bubble--other"}`} dir="auto">
        {!last && <span class="unseen">{author} </span>}
        <MessageText text={message.text} />
      </div>
      {last && (
        <p class="line__meta">
          {author} · {timeOfDay(message.at, timeLocale.value)}
          {read && ` · ${texts.value.thread.readMark}`}
        </p>
      )}
    </div>
  );
}

function PendingBubble({ pending, first }: { pending: Pending; first: boolean }) {
  const { outgoing } = useConsole();
  const t = texts.value.thread;
  const failed = pending.state === "failed";
  return (
    <div class={`line line--us${first ? " line--first" : ""}`}>
      <div class={`bubble bubble--${failed ? "failed" : "pending"}`} dir="auto">
        <MessageText text={pending.text} />
      </div>
      <p class={`line__meta${failed ? " bad" : ""}`}>
        {failed ? (
          <>
            {t.notSent}{" "}
            <button type="button" class="link" onClick={() => outgoing.retry(pending.client_id)}>
              {texts.value.retry}
            </button>
          </>
        ) : pending.state === "sent" ? (
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
        <span class="note__by" title={t.thread.noteHidden}>
          {by === t.you ? t.composer.note : t.thread.noteBy(by)}
        </span>
        {" · "}
        <MessageText text={note.text} />
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
  const event = message.event ?? { name: "", args: {} };
  const reason = assignmentReason(message, thread.decisions.value, t);
  useEffect(() => {
    if (event.name === "joined") thread.loadDecisions(message.seq);
  }, [message.seq]);
  return (
    <p class="event" data-seq={message.seq}>
      {eventText(event, t)}
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
    case "pending":
      return <PendingBubble pending={entry.pending} first={entry.first} />;
    case "text":
      return (
        <Bubble message={entry.message} first={entry.first} last={entry.last} thread={thread} name={name} />
      );
  }
}
