/** Pure functions: keymap, lists, log entries, labels, times, the page title. */
import { describe, expect, test, vi } from "vitest";
import { emptyAgentTimeline, resetAgent } from "../../client/conversation/agent_timeline";
import type { Note } from "../../client/protocol/agent";
import type { Message } from "../../client/protocol/shared";
import type { EventName, RoutingRule } from "../../client/protocol/vocabulary";
import { initials } from "../../client/text/initials";
import { textLength } from "../../client/text/message_text";
import { logEntries } from "../conversation/log/log_entries";
import { listOf, sortIntoLists, withCard } from "../inbox/inbox";
import { texts as en } from "../locales/en";
import { texts as fr } from "../locales/fr";
import { titleText } from "../presence/alerts";
import { actionFor, type KeyPress, keyPressOf } from "../shortcuts/keymap";
import { isUnsafe } from "../sign_in/sign_in";
import { Avatar } from "../ui/avatar";
import { assignmentReason, eventText, nameInSentence, previewText, visitorName } from "../ui/labels";
import { dueText, elapsed, localTime } from "../ui/time_format";
import { AT, ben, card } from "./fake_server";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: `Key${key.toUpperCase()}`,
  alt: false,
  ctrl: false,
  shift: false,
  writing: false,
  ...more,
});

const british = { locale: "en-GB", at: "at", timeZone: "Europe/Paris" };

describe("the keymap", () => {
  test("single letters act outside of fields only, and can be turned off", () => {
    expect(actionFor(press("j"), true)).toBe("next");
    expect(actionFor(press("j", { writing: true }), true)).toBeNull();
    expect(actionFor(press("j"), false)).toBeNull();
    expect(actionFor(press("J", { shift: true }), true)).toBeNull();
  });
  test("on a Russian keyboard the position of the key counts; a French accented letter is no shortcut", () => {
    expect(actionFor(press("о", { code: "KeyJ" }), true)).toBe("next");
    expect(actionFor(press("é", { code: "KeyJ" }), true)).toBeNull();
  });
  test("Alt with a digit counts by position, as a French keyboard writes & on 1", () => {
    expect(actionFor(press("&", { code: "Digit1", alt: true, writing: true }), true)).toEqual({ chat: 1 });
    expect(actionFor(press("π", { code: "KeyP", alt: true, writing: true }), true)).toBe("note");
  });
  test("search and Escape work if letters are off; the browser's own Ctrl keys are not taken", () => {
    expect(actionFor(press("k", { ctrl: true, writing: true }), false)).toBe("search");
    expect(actionFor(press("Escape"), false)).toBe("back");
    expect(actionFor(press("t", { ctrl: true }), true)).toBeNull();
    expect(actionFor(press("?", { shift: true, code: "Slash" }), true)).toBe("shortcuts");
  });
  test("a key of an input method has no action, also with Safari's code of 229 alone", () => {
    vi.stubGlobal("HTMLElement", EventTarget);
    const pressed = (more: object) =>
      actionFor(keyPressOf({ key: "Escape", code: "Escape", target: null, ...more } as KeyboardEvent), true);
    expect(pressed({ keyCode: 27 })).toBe("back");
    expect([pressed({ keyCode: 229 }), pressed({ keyCode: 27, isComposing: true })]).toEqual([null, null]);
    vi.unstubAllGlobals();
  });
});

describe("the lists", () => {
  const mine = { id: "a1", name: "Ada", photo: null };
  test("each card is in one list or none", () => {
    expect(listOf(card("t", 1), "a1")).toBe("waiting");
    expect(listOf(card("t", 1, { agent: mine }), "a1")).toBe("mine");
    expect(listOf(card("t", 1, { agent: mine }), "a2")).toBeNull();
    expect(listOf(card("t", 1, { status: "solved", agent: mine }), "a1")).toBeNull();
    expect(listOf(card("t", 1, { status: "open", agent: mine }), "a1")).toBe("mine");
    expect(listOf(card("t", 1, { status: "open", agent: mine }), "a2")).toBe("open");
    expect(listOf(card("t", 1, { status: "pending" }), "a1")).toBeNull();
  });
  test("a card with an older rev changes nothing", () => {
    const cards = withCard(new Map(), card("t", 1, { rev: 5, preview: "new" }));
    expect(withCard(cards, card("t", 1, { rev: 4, preview: "old" })).get("t")?.preview).toBe("new");
  });
  test("mine are sorted by number with those who left last; open by promised time", () => {
    const cards = new Map(
      [
        card("c", 3, { agent: mine }),
        card("a", 1, { agent: mine, visitor: "gone" }),
        card("b", 2, { agent: mine }),
        card("o", 0, { agent: mine, status: "open" }),
        card("y", 5, { status: "open", due: "2026-11-27T10:00:00+01:00" }),
        card("x", 6, { status: "open", due: "2026-11-26T10:00:00+01:00" }),
      ].map((one) => [one.ticket, one]),
    );
    const lists = sortIntoLists(cards, "a1");
    expect(lists.mine.map((one) => one.ticket)).toEqual(["b", "c", "a", "o"]);
    expect(lists.open.map((one) => one.ticket)).toEqual(["x", "y"]);
  });
});

describe("log entries", () => {
  const message = (seq: number, kind: "visitor" | "agent", at: string): Message => ({
    ticket: "t",
    seq,
    id: `m${seq}`,
    client_id: `c${seq}`,
    kind: "text",
    author: { kind, name: "" },
    text: `${seq}`,
    files: [],
    at,
  });
  const note: Note = {
    ticket: "t",
    note_seq: 1,
    after: 1,
    id: "n",
    client_id: "n",
    author: { kind: "agent", id: "a1", name: "Ada" },
    text: "note",
    at: "2026-11-25T09:00:30Z",
  };
  const sameDay = (a: string | number, b: string) => String(a).slice(0, 10) === b.slice(0, 10);
  const draw = (messages: Message[], notes: Note[] = [], unreadFrom = 0) =>
    logEntries(
      resetAgent(emptyAgentTimeline("t"), "t", {
        messages,
        head: messages.length,
        notes,
        notes_head: notes.length,
      }),
      unreadFrom,
      sameDay,
    );

  test("texts of one author within three minutes are one group", () => {
    const entries = draw([
      message(1, "visitor", "2026-11-25T09:00:00Z"),
      message(2, "visitor", "2026-11-25T09:01:00Z"),
      message(3, "visitor", "2026-11-25T09:09:00Z"),
      message(4, "agent", "2026-11-25T09:09:10Z"),
    ]);
    const ends = entries.map((entry) =>
      entry.kind === "text" ? `${entry.first}-${entry.last}` : entry.kind,
    );
    expect(ends).toEqual(["day", "true-false", "false-true", "true-true", "true-true"]);
  });
  test("a note follows its message, with days and the unread divider in order", () => {
    const kinds = draw(
      [
        message(1, "visitor", "2026-11-25T09:00:00Z"),
        message(2, "agent", "2026-11-25T09:01:00Z"),
        message(3, "visitor", "2026-11-26T09:00:00Z"),
      ],
      [note],
      3,
    ).map((entry) => entry.kind);
    expect(kinds).toEqual(["day", "text", "note", "text", "day", "unread", "text"]);
  });
});

describe("labels and times", () => {
  const now = Date.parse(AT);
  const timeLocale = { locale: "fr", at: "à", timeZone: "Europe/Paris" };
  test("a wait has a fixed format and is never negative", () => {
    expect(elapsed(AT, now + 52_000, fr)).toBe("0:52");
    expect(elapsed(AT, now - 5000, fr)).toBe("0:00");
    expect(elapsed(AT, now + 7_500_000, fr)).toBe("2\u00a0h");
  });
  test("a promised time is shown as a date", () => {
    expect(dueText("2026-11-25T14:05:00+01:00", timeLocale, fr, now)).toBe("avant 14\u00a0h\u00a005");
    expect(dueText("2026-11-26T09:00:00+01:00", timeLocale, fr, now)).toBe("avant demain 9\u00a0h");
    expect(dueText("2026-11-25T09:00:00+01:00", timeLocale, fr, now)).toBe("en retard");
  });
  test("the local time elsewhere, and null for an unknown time zone", () => {
    expect(localTime("America/New_York", timeLocale, now)).toBe("4\u00a0h");
    expect(localTime("Mars/Base", timeLocale, now)).toBeNull();
  });
  test("a visitor without a name is shown by number", () => {
    expect(visitorName({ name: " ", number: 1051 }, fr)).toBe("Anonyme 1051");
    expect(nameInSentence({ name: "\u202eciV", number: 1 }, fr)).toBe("ciV");
    const agentSaid = card("t", 1, {
      last_from: "agent",
      last_by: "a1",
      preview: "oui",
      agent: { id: "a1", name: "Ada", photo: null },
    });
    expect(previewText(agentSaid, "a1", new Map(), fr)).toBe("Vous\u00a0: oui");
    expect(previewText(agentSaid, "a2", new Map(), fr)).toBe("Ada\u00a0: oui");
  });
  test("a preview names its author, also after a hand-over and if the author has been removed", () => {
    const handedOver = { agent: { id: "a1", name: "Ada", photo: null }, last_from: "agent" as const };
    const shown = (last_by: string | null) =>
      previewText(card("t", 1, { ...handedOver, last_by, preview: "oui" }), "a1", new Map([["a2", ben]]), fr);
    expect([shown("a2"), shown("a9"), shown(null)]).toEqual(["Ben\u00a0: oui", "L’équipe\u00a0: oui", "oui"]);
  });
  test("a name from right to left is isolated in a sentence; others get no marks", () => {
    const name = (text: string) => nameInSentence({ name: text, number: 1 }, fr);
    expect([name("محمد"), name("דנה"), name("Zoé")]).toEqual(["\u2068محمد\u2069", "\u2068דנה\u2069", "Zoé"]);
    expect(eventText({ name: "joined", args: { agent: "دينا" } }, en, british)).toBe(
      "Assigned to \u2068دينا\u2069",
    );
  });
  test("an unknown event has a general text", () => {
    expect(eventText({ name: "joined", args: { agent: "Ada" } }, en, british)).toBe("Assigned to Ada");
    expect(eventText({ name: "invented" as EventName, args: {} }, en, british)).toBe(en.eventOther);
  });
  test("the times of an event are written in the reader's language", () => {
    const args = { promised: "2026-11-25T10:05:00+01:00", due: "2026-11-26T10:05:00+01:00", notice: "1" };
    expect(eventText({ name: "promise_moved", args }, en, british)).toMatch(
      /^The answer promised by Wednesday.*25\sNovember at.* was late\. New date announced: Thursday.*26\sNovember at/,
    );
  });
  test("the reason of an assignment is the newest decision before it that chose this agent", () => {
    const joined = { at: AT, event: { name: "joined", args: { agent: "Ada" } } } as unknown as Message;
    const candidates = ["Ada", "Ben"].map((name) => ({
      agent: name,
      name,
      chats: 0,
      capacity: 4,
      idle_s: 0,
      excluded: null,
    }));
    const decided = (at: string, rule: RoutingRule, chosen: string) => ({ at, rule, chosen, candidates });
    const decisions = [
      decided("2026-11-25T09:30:00Z", "only_one", "Ada"),
      decided("2026-11-25T08:59:30Z", "fewest_chats", "Ada"),
      decided("2026-11-25T08:58:00Z", "longest_idle", "Ben"),
    ];
    expect(assignmentReason(joined, decisions, en)).toBe("fewest conversations");
    expect(assignmentReason(joined, decisions.slice(2), en)).toBeNull();
  });
  test("the title has the number of unread messages, or the visitor who waits", () => {
    expect(titleText(2, null, true, "Guichet")).toBe("(2) Guichet");
    expect(titleText(0, "Vic", true, "Guichet")).toBe("\u25cf Vic");
    expect(titleText(0, "Vic", false, "Guichet")).toBe("Guichet");
  });
});

test("initials of a name", () => {
  expect(["Marie Lefèvre", "Visiteur 1051", "Élo", "  ", "李 小龙"].map(initials)).toEqual([
    "ML",
    "51",
    "É",
    "?",
    "李小",
  ]);
});

test("a visitor without a name keeps the tint when the language changes; another ticket may have another", () => {
  const tint = (id: string, name: string) => Avatar({ id, name }).props.class;
  expect(tint("t_1", fr.visitorNumber(1))).toBe(tint("t_1", en.visitorNumber(1)));
  expect(tint("t_1", "Vic")).not.toBe(tint("t_2", "Vic"));
});

test("the length counts code points of the trimmed text", () => {
  expect(textLength("  e\u0301😀 ")).toBe(2);
});

test("plain http is unsafe except on this machine", () => {
  const unsafe = (protocol: string, hostname: string) => isUnsafe({ protocol, hostname });
  expect([unsafe("http:", "desk.example"), unsafe("https:", "chat.fr")]).toEqual([true, false]);
  expect(["localhost", "a.localhost", "127.0.0.1"].map((host) => unsafe("http:", host))).toEqual([
    false,
    false,
    false,
  ]);
});
