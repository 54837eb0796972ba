/** Messages and notes for the client's tests. */
import type { Note } from "../protocol/agent";
import type { Message } from "../protocol/shared";

export const TICKET = "t-vic";

export function message(
  seq: number,
  from: "visitor" | "agent" = "agent",
  client_id = `${from}-${seq}`,
): Message {
  return {
    ticket: TICKET,
    seq,
    id: `m${seq}`,
    client_id,
    kind: "text",
    author: { kind: from, name: from === "agent" ? "Ada" : null },
    text: `line ${seq}`,
    at: "2026-11-23T09:00:00Z",
    files: [],
  };
}

export function messages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
}

export function note(note_seq: number, after: number): Note {
  const author = { kind: "agent" as const, name: "Ada", id: "ada" };
  const id = `n${note_seq}`;
  return {
    ticket: TICKET,
    note_seq,
    after,
    id,
    client_id: id,
    author,
    text: "a note",
    at: "2026-11-23T09:00:00Z",
  };
}

/** A seeded random generator, so that a failing interleaving can be run again. */
export function seededRandom(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}
