/** One line of a log: a bubble, a note, an event in words, a day. Text nodes only. */
import { useEffect } from "preact/hooks";
import type { Pending } from "../../../client/conversation/timeline";
import type { Message, Note } from "../../../client/protocol";
import { pieces } from "../../../client/text/linkify";
import { clock, dayLabel } from "../../../client/text/time_format";
import { useDesk } from "../../app/console";
import { reader, words } from "../../app/preferences";
import { Avatar } from "../../ui/avatar";
import { Icon } from "../../ui/icon";
import { eventWords, reasonOf } from "../../ui/labels";
import type { Thread } from "../thread";
import type { Line } from "./log_entries";

export function Words({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, at) =>
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

interface LineProps {
  line: Line;
  thread: Thread;
  name: string;
}

function Bubble({
  message,
  first,
  last,
  thread,
  name,
}: { message: Message; first: boolean; last: boolean } & Omit<LineProps, "line">) {
  const { self } = useDesk();
  const theirs = message.author.kind === "visitor";
  const by = message.author.id;
  const own = !theirs && (!by || by === self.id);
  const author = theirs ? name : own ? words.value.you : (message.author.name ?? "");
  const read = own && (thread.ticket.value?.read.visitor ?? 0) >= message.seq;
  return (
    <div class={`line line--${theirs ? "them" : "us"}${first ? " line--first" : ""}`} data-seq={message.seq}>
      {theirs && (last ? <Avatar name={name} size="small" /> : <span class="line__space" />)}
      <div class={`bubble${own || theirs ? "" : " bubble--other"}`} dir="auto">
        {!last && <span class="unseen">{author} </span>}
        <Words text={message.text} />
      </div>
      {last && (
        <p class="line__meta">
          {author} · {clock(message.at, reader.value)}
          {read && ` · ${words.value.thread.readMark}`}
        </p>
      )}
    </div>
  );
}

function Unsent({ pending, first }: { pending: Pending; first: boolean }) {
  const { mailbox } = useDesk();
  const say = words.value.thread;
  const failed = pending.state === "failed";
  return (
    <div class={`line line--us${first ? " line--first" : ""}`}>
      <div class={`bubble bubble--${failed ? "failed" : "pending"}`} dir="auto">
        <Words text={pending.text} />
      </div>
      <p class={`line__meta${failed ? " bad" : ""}`}>
        {failed ? (
          <>
            {say.notSent}{" "}
            <button type="button" class="link" onClick={() => mailbox.retry(pending.client_id)}>
              {words.value.retry}
            </button>
          </>
        ) : pending.state === "sent" ? (
          say.sent
        ) : (
          say.sending
        )}
      </p>
    </div>
  );
}

function NoteLine({ note }: { note: Note | Pending }) {
  const { self, mailbox } = useDesk();
  const say = words.value;
  const author = "author" in note ? note.author : { id: self.id, name: self.name };
  const by = author.id && author.id !== self.id ? (author.name ?? "") : say.you;
  const state = "state" in note ? note.state : null;
  return (
    <div class="note">
      <Icon name="lock" />
      <p dir="auto">
        <span class="note__by" title={say.thread.noteHidden}>
          {by === say.you ? say.composer.note : say.thread.noteBy(by)}
        </span>
        {" · "}
        <Words text={note.text} />
      </p>
      <p class="note__meta">
        {state === "failed" ? (
          <>
            {say.thread.notSent}{" "}
            <button
              type="button"
              class="link"
              onClick={() => "client_id" in note && mailbox.retry(note.client_id ?? "")}
            >
              {say.retry}
            </button>
          </>
        ) : state ? (
          say.thread.sending
        ) : (
          clock(note.at, reader.value)
        )}
      </p>
    </div>
  );
}

function EventLine({ message, thread }: { message: Message; thread: Thread }) {
  const { dialog } = useDesk();
  const say = words.value;
  const event = message.event ?? { name: "", args: {} };
  const reason = reasonOf(message, thread.decisions.value, say);
  useEffect(() => {
    if (event.name === "joined") thread.explain(message.seq);
  }, [message.seq]);
  return (
    <p class="event" data-seq={message.seq}>
      {eventWords(event, say)}
      {reason && (
        <>
          {`${say.colon}${reason} · `}
          <button
            type="button"
            class="link"
            onClick={() => {
              dialog.value = "explain";
            }}
          >
            {say.thread.why}
          </button>
        </>
      )}
    </p>
  );
}

export function LineView({ line, thread, name }: LineProps) {
  switch (line.kind) {
    case "day":
      return <p class="log__day">{dayLabel(line.at, reader.value)}</p>;
    case "unread":
      return (
        <p class="log__unread">
          <span>{words.value.thread.unreadLine}</span>
        </p>
      );
    case "event":
      return <EventLine message={line.message} thread={thread} />;
    case "note":
      return <NoteLine note={line.note} />;
    case "pending":
      return <Unsent pending={line.pending} first={line.first} />;
    case "text":
      return (
        <Bubble message={line.message} first={line.first} last={line.last} thread={thread} name={name} />
      );
  }
}
