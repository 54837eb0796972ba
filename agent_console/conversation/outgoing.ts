/** Sending: a line stands on screen at once, waits in the outbox, and gets its number from the server. */
import { clientId } from "../../client/conversation/ids";
import { type Letter, Outbox, type Postmaster, shelfIn } from "../../client/conversation/outbox";
import { acked, changed, forgotten, noteAcked, written } from "../../client/conversation/timeline";
import type { Noted, Refusal, Sent } from "../../client/protocol";
import type { Link } from "../connection/socket";
import type { Tone } from "./drafts";
import type { Threads } from "./threads";

export interface Returned {
  ticket: string;
  tone: Tone;
  text: string;
  why: Refusal;
}

/** `owner` keeps the letters of two agents on one computer apart. `returned` hears of what will never be taken. */
export function createMailbox(
  link: Link,
  threads: Threads,
  owner: string,
  returned: (what: Returned) => void,
) {
  const threadOf = (letter: Letter) => threads.of(letter.ticket ?? "");
  const look = (letter: Letter, change: Parameters<typeof changed>[2]) =>
    threadOf(letter).turn((line) => changed(line, letter.client_id, change));

  const post: Postmaster = {
    send({ ticket, client_id, text, note }) {
      const payload = { ticket: ticket ?? "", client_id, text };
      return link.post(note ? "add_note" : "send_message", payload);
    },
    sending: (letter) => show(letter),
    acked(letter, ack) {
      threadOf(letter).turn((line) =>
        letter.note
          ? noteAcked(line, letter.client_id, ack as Noted)
          : acked(line, letter.client_id, ack as Sent),
      );
    },
    failed: (letter) => look(letter, { state: "failed" }),
    slowed: (letter, retryAt) => look(letter, { state: "sending", retryAt }),
    refused({ ticket, client_id, text, note }, why) {
      threads.of(ticket ?? "").turn((line) => forgotten(line, client_id));
      returned({ ticket: ticket ?? "", tone: note ? "note" : "reply", text, why });
    },
  };
  const outbox = new Outbox(
    shelfIn(() => localStorage, `guichet.console.outbox.${owner}.`),
    post,
  );

  function show(letter: Letter): void {
    const { client_id, text, note = false } = letter;
    const at = new Date(letter.at).toISOString();
    threadOf(letter).turn((line) =>
      changed(written(line, { client_id, text, at, note }), client_id, { state: "sending" }),
    );
  }

  return {
    send(ticket: string, tone: Tone, text: string): void {
      outbox.add({ client_id: clientId(), ticket, text, at: Date.now(), note: tone === "note" });
    },
    retry: (client_id: string): void => outbox.retry(client_id),
    pause: (): void => outbox.pause(),
    /** Only once every thread has caught up: what a former page sent may have arrived after all. */
    resume: (): void => outbox.resume(),
  };
}

export type Mailbox = ReturnType<typeof createMailbox>;
