import { describe, expect, test } from "vitest";
import {
  applyAgentCatchUp,
  applyNote,
  applyNoteAck,
  emptyAgentTimeline,
  hasAgentGap,
  resetAgent,
} from "../conversation/agent_timeline";
import { addPending, applyMessage } from "../conversation/timeline";
import { message, messages, note, TICKET } from "./fixtures";

describe("notes", () => {
  test("have their own numbers and gaps", () => {
    const timeline = applyNote(applyMessage(emptyAgentTimeline(TICKET), message(1)), note(2, 1));
    expect([timeline.notes.length, timeline.last, hasAgentGap(timeline)]).toEqual([0, 1, true]);
    const full = applyAgentCatchUp(timeline, {
      messages: [],
      head: 1,
      notes: [note(1, 0), note(2, 1)],
      notes_head: 2,
    });
    expect([full.notes.length, hasAgentGap(full)]).toEqual([2, false]);
  });

  test("start at the first of the last notes", () => {
    const answer = { messages: messages(1, 2), head: 2, notes: [note(41, 1), note(42, 2)], notes_head: 42 };
    expect(resetAgent(emptyAgentTimeline(), TICKET, answer).notesLast).toBe(42);
  });

  test("our own appear at once and only once", () => {
    const sent = addPending(applyMessage(emptyAgentTimeline(TICKET), message(1)), {
      client_id: "n1",
      text: "hm",
      at: "2026-11-23T09:00:00Z",
      note: true,
    });
    const timeline = applyNoteAck(sent, "n1", { note_seq: 1, id: "n1", at: "2026-11-23T09:00:00Z" });
    expect([timeline.pending.length, timeline.notes[0]?.after]).toEqual([0, 1]);
    expect(applyNote(timeline, note(1, 1)).notes.length).toBe(1);
  });

  test("of a restored server replace ours, and those that were never stored stay pending", () => {
    const full = { messages: messages(1, 3), head: 3, notes: [note(1, 0), note(2, 1)], notes_head: 2 };
    const before = addPending(resetAgent(emptyAgentTimeline(), TICKET, full), {
      client_id: "unsent",
      text: "hm",
      at: "2026-11-23T09:00:00Z",
      note: true,
    });
    const restored = { messages: messages(1, 2), head: 2, notes: [note(1, 0)], notes_head: 1 };
    for (const timeline of [
      resetAgent(before, TICKET, restored),
      applyAgentCatchUp(before, { ...restored, restart: true }),
    ]) {
      expect([timeline.last, timeline.notes.length, timeline.notesLast]).toEqual([2, 1, 1]);
      expect(timeline.pending.map((one) => one.client_id)).toEqual(["unsent"]);
    }
  });

  test("of another ticket do not stay", () => {
    const full = { messages: [], head: 0, notes: [note(1, 0)], notes_head: 1 };
    const none = { messages: [], head: 0, notes: [], notes_head: 0 };
    const timeline = resetAgent(resetAgent(emptyAgentTimeline(), TICKET, full), "t-other", none);
    expect([timeline.ticket, timeline.notes, timeline.notesLast]).toEqual(["t-other", [], 0]);
  });
});
