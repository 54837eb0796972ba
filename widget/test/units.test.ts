import { describe, expect, test, vi } from "vitest";
import type { TextEntry } from "../../client/conversation/log_entries";
import { addPending, applyMessage, emptyTimeline } from "../../client/conversation/timeline";
import { type EventName, LOCALES } from "../../client/protocol/vocabulary";
import { HostStorage } from "../bridge/bridge";
import { textsOf } from "../bridge/host_values";
import { logEntries } from "../conversation/log_entries";
import { queueText, waitText } from "../conversation/queue_text";
import { readFrameParams } from "../frame/config";
import { accentOf, contrast } from "../frame/theme_color";
import { openHostStorage } from "../loader/host_storage";
import { texts as en, type Texts } from "../locales/en";
import { texts as fr } from "../locales/fr";
import { isEnded } from "../state/state";
import { aTicket, Server } from "./fake_server";

const files = import.meta.glob<Texts>("../locales/*.ts", { eager: true, import: "texts" });
const paris = { locale: "fr-FR", at: "à", timeZone: "Europe/Paris" };

describe("what the host page says", () => {
  test("only texts are taken, and can be posted", () => {
    const circular: Record<string, unknown> = { name: "Vic" };
    const nonsense = {
      circular,
      big: 1n,
      call: () => 1,
      symbol: Symbol("a"),
      none: null,
      list: ["a"],
      count: 5,
    };
    Object.assign(circular, nonsense);
    expect(structuredClone(textsOf(circular))).toEqual({ name: "Vic" });
  });

  test.each([[undefined], [null], [5], ["text"], [true], [[]], [Symbol("a")]])(
    "%s has no fields",
    (nothing) => {
      expect({ ...textsOf(nothing), ...textsOf(nothing) }).not.toHaveProperty("text");
    },
  );
});

describe("the log", () => {
  const server = new Server();
  server.ticket = aTicket("t1");
  const at = (minute: number) => `2026-11-23T09:${String(minute).padStart(2, "0")}:00Z`;
  const timeline = [
    { ...server.ada("one", false), at: at(0) },
    { ...server.ada("two", false), at: at(2) },
    { ...server.ada("three", false), at: at(6) },
  ].reduce(applyMessage, emptyTimeline("visitor", "t1"));
  const textEntries = (list: ReturnType<typeof logEntries>) =>
    list.filter((one): one is TextEntry => one.kind === "text");

  test("groups the messages of one author within three minutes", () => {
    const shown = textEntries(logEntries(timeline, 0, paris, fr.events));
    expect(shown.map(({ first, last }) => [first, last])).toEqual([
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  test("has an entry for each day, but none above a conversation of today", () => {
    vi.useFakeTimers({ now: Date.parse(at(10)) });
    expect(logEntries(timeline, 0, paris, fr.events).filter(({ kind }) => kind === "day")).toEqual([]);
    vi.setSystemTime(Date.parse("2026-11-24T09:00:00Z"));
    expect(logEntries(timeline, 0, paris, fr.events).filter(({ kind }) => kind === "day").length).toBe(1);
    vi.useRealTimers();
  });

  test("shows the state of the visitor's own messages", () => {
    const mine = addPending(timeline, { client_id: "mine", text: "hm", at: at(7) });
    expect(textEntries(logEntries(mine, 0, paris, fr.events)).at(-1)).toMatchObject({
      own: true,
      state: "sending",
    });
  });

  test("shows events as text and leaves out events without a text", () => {
    const event = (name: string, seq: number) => ({
      ...server.ada("", false),
      seq,
      kind: "event" as const,
      event: { name: name as EventName, args: { agent: "Ada" } },
    });
    const full = [event("joined", 4), event("unheard_of", 5)].reduce(applyMessage, timeline);
    const shown = logEntries(full, 0, paris, fr.events).filter(({ kind }) => kind === "event");
    expect(shown).toMatchObject([{ text: "Ada a rejoint la conversation" }]);
  });
});

describe("texts", () => {
  /** Every text of a language, with its functions called. */
  function sentences(value: unknown): string[] {
    if (typeof value === "string") return [value];
    const args = { agent: "Ada", from: "Ada", to: "Ben", by: "agent", status: "solved" };
    if (typeof value === "function")
      return [2, args].flatMap((given) => sentences(tried(() => value(given))));
    return value && typeof value === "object" ? Object.values(value).flatMap(sentences) : [];
  }
  const tried = (call: () => unknown) => {
    try {
      return call();
    } catch {
      return "";
    }
  };

  test.each(LOCALES)("%s has a file with the same keys as English", (language) => {
    const texts = files[`../locales/${language}.ts`];
    expect(texts, `widget/locales/${language}.ts exports no texts`).toBeDefined();
    const keys = (of: Texts | undefined) =>
      [of, of?.events, of?.errors].map((one) => Object.keys(one ?? {}).sort());
    expect(keys(texts)).toEqual(keys(en));
  });

  test("French has no-break spaces before a colon and narrow ones before ? and ;", () => {
    for (const sentence of sentences(fr)) {
      expect(sentence, sentence).not.toMatch(/[^\u00a0]:( |$)|[^\u202f\u00a0][?;]|n° |« | »/u);
    }
  });

  test("there are no exclamation marks", () => {
    for (const sentence of Object.values(files).flatMap(sentences)) expect(sentence).not.toContain("!");
  });

  test("a queue position and the estimated wait", () => {
    const ticket = aTicket("t1", { queue: { position: 1, wait_s: 61 } });
    expect(queueText(ticket, fr)).toBe(
      "Vous êtes en 1re\u00a0position. Environ 2\u00a0minutes d’attente. Gardez cette page ouverte\u00a0: la réponse arrive ici.",
    );
    expect(waitText(aTicket("t1", { queue: { position: 3, wait_s: null } }), fr)).toBe(fr.waitUnknown);
    expect(waitText(aTicket("t1", { form_offered: true }), en)).toBe(en.longWait);
  });
});

describe("a site's colour", () => {
  const rgb = (hex: string) =>
    [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];

  test.each(["#ffee00", "#0000ff", "#ffffff", "#000000", "#7f7f7f", "#e2001a"])(
    "%s becomes readable",
    (color) => {
      for (const [theme, ground] of [
        ["light", "#ffffff"],
        ["dark", "#141918"],
      ] as const) {
        const accent = accentOf(color, theme);
        expect(contrast(rgb(accent?.text ?? ""), rgb(ground))).toBeGreaterThanOrEqual(4.5);
        expect(contrast(rgb(accent?.ink ?? ""), rgb(accent?.accent ?? ""))).toBeGreaterThanOrEqual(4.5);
        expect(contrast(rgb(accent?.accent ?? ""), rgb(ground))).toBeGreaterThanOrEqual(3);
      }
    },
  );

  test("a value that is no colour changes nothing", () => {
    expect(accentOf("red;}", "light")).toBeNull();
  });
});

describe("small parts", () => {
  test("a solved ticket ends when its time to reply is over", () => {
    const now = Date.parse("2026-11-23T09:00:00Z");
    const solved = (reply_until: string) => aTicket("t1", { status: "solved", reply_until });
    expect(isEnded(solved("2026-11-23T09:00:01Z"), now)).toBe(false);
    expect(isEnded(solved("2026-11-23T08:59:59Z"), now)).toBe(true);
    expect(isEnded(aTicket("t1", { status: "closed" }), now)).toBe(true);
  });

  test("the frame reads the parameters behind the # of its address", () => {
    expect(readFrameParams("#parent=https%3A%2F%2Fshop.example&theme=dark")).toEqual({
      parent: "https://shop.example",
      theme: "dark",
    });
  });

  test("where storage is denied, the state lasts as long as the page", () => {
    const denied = () => {
      throw new Error("denied");
    };
    vi.stubGlobal("localStorage", new Proxy({}, { get: denied, set: denied, deleteProperty: denied }));
    const [readStored, writeStored] = openHostStorage("guichet:demo");
    writeStored({ token: "t" });
    writeStored({ live: true });
    expect(readStored()).toEqual({ token: "t", live: true });
    vi.unstubAllGlobals();
  });

  test.each(["null", "5", '"text"', "[]", "true", "{", "undefined"])(
    "what another script stored under our key is no state: %s",
    (entry) => {
      const storage = { "guichet:demo": entry };
      vi.stubGlobal("localStorage", storage);
      const [readStored, writeStored] = openHostStorage("guichet:demo");
      expect(readStored().token).toBeUndefined();
      writeStored({ token: "t" });
      expect(readStored().token).toBe("t");
      vi.unstubAllGlobals();
    },
  );

  test("an unsent message makes the next page open the chat", () => {
    const memory = new HostStorage({ post: () => {} }, {});
    const message = { client_id: "0192f0c1-aaaa", ticket: null, text: "Un premier mot.", at: 0 };
    memory.outboxStorage().put(message);
    expect(memory.stored).toMatchObject({ live: true, open: true });
    expect(memory.outboxStorage().messages()).toEqual([message]);
  });

  test("an empty state leaves no entry in the storage", () => {
    const store = {};
    vi.stubGlobal("localStorage", store);
    const [, writeStored] = openHostStorage("guichet:demo");
    writeStored({ draft: "a" });
    expect(store).toEqual({ "guichet:demo": '{"draft":"a"}' });
    writeStored({ draft: undefined });
    expect(store).toEqual({});
    vi.unstubAllGlobals();
  });
});
