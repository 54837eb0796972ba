/** Sends messages and notes: each is pending at once, waits in the outbox and gets its seq from the ack. */

import { applyNoteAck } from "../../client/conversation/agent_timeline";
import { clientId } from "../../client/conversation/ids";
import {
  Outbox,
  type OutboxHandler,
  type OutboxMessage,
  outboxStorageIn,
} from "../../client/conversation/outbox";
import { addPending, applyAck, removePending, updatePending } from "../../client/conversation/timeline";
import type { AddNoteAck } from "../../client/protocol/agent";
import type { Refusal, SendMessageAck } from "../../client/protocol/shared";
import type { AgentSocket } from "../connection/socket";
import type { ComposerMode } from "./drafts";
import type { Threads } from "./threads";

export interface RefusedMessage {
  ticket: string;
  mode: ComposerMode;
  text: string;
  why: Refusal;
}

/**
 * `owner` separates the outboxes of two agents on one computer. `onRefused` gets each message that the server
 * rejects.
 */
export function createOutgoing(
  socket: AgentSocket,
  threads: Threads,
  owner: string,
  onRefused: (what: RefusedMessage) => void,
) {
  const threadOf = (message: OutboxMessage) => threads.get(message.ticket ?? "");
  const update = (message: OutboxMessage, change: Parameters<typeof updatePending>[2]) =>
    threadOf(message).update((timeline) => updatePending(timeline, message.client_id, change));

  const handler: OutboxHandler = {
    send({ ticket, client_id, text, note }) {
      const payload = { ticket: ticket ?? "", client_id, text };
      return socket.requestAck(note ? "add_note" : "send_message", payload);
    },
    onSending: (message) => show(message),
    onAcked(message, ack) {
      threadOf(message).update((timeline) =>
        message.note
          ? applyNoteAck(timeline, message.client_id, ack as AddNoteAck)
          : applyAck(timeline, message.client_id, ack as SendMessageAck),
      );
    },
    onFailed: (message) => update(message, { state: "failed" }),
    onSlowedDown: (message, retryAt) => update(message, { state: "sending", retryAt }),
    onRefused({ ticket, client_id, text, note }, why) {
      threads.get(ticket ?? "").update((timeline) => removePending(timeline, client_id));
      onRefused({ ticket: ticket ?? "", mode: note ? "note" : "reply", text, why });
    },
  };
  const outbox = new Outbox(
    outboxStorageIn(() => localStorage, `guichet.console.outbox.${owner}.`),
    handler,
  );

  function show(message: OutboxMessage): void {
    const { client_id, text, note = false } = message;
    const at = new Date(message.at).toISOString();
    threadOf(message).update((timeline) =>
      updatePending(addPending(timeline, { client_id, text, at, note }), client_id, { state: "sending" }),
    );
  }

  return {
    send(ticket: string, mode: ComposerMode, text: string): void {
      outbox.add({ client_id: clientId(), ticket, text, at: Date.now(), note: mode === "note" });
    },
    retry: (client_id: string): void => outbox.retry(client_id),
    pause: (): void => outbox.pause(),
    /** Call when every thread has caught up, for a message of an earlier page may be stored already. */
    resume: (): void => outbox.resume(),
  };
}

export type Outgoing = ReturnType<typeof createOutgoing>;
