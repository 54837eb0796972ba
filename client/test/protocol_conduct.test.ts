import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clientId } from "../conversation/ids";
import { TypingIndicator, TypingSender } from "../conversation/typing";
import { Announcer } from "../dom/live_region";
import { Scroll } from "../dom/scroll";
import css from "../tokens.css?raw";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("typing", () => {
  test("ours is said at most once per 1.5 s, and taken back once", () => {
    const sent: boolean[] = [];
    const typing = new TypingSender((on) => sent.push(on));
    typing.typed("a");
    typing.typed("ab");
    vi.advanceTimersByTime(1_500);
    typing.typed("abc");
    typing.typed("  ");
    typing.stopped();
    expect(sent).toEqual([true, true, false]);
  });

  test("theirs is forgotten after 3 s, or by their message", () => {
    const shown: (string | null)[] = [];
    const typing = new TypingIndicator((_ticket, name) => shown.push(name));
    typing.receive("t", true, "Ada");
    vi.advanceTimersByTime(2_999);
    expect(shown).toEqual(["Ada"]);
    vi.advanceTimersByTime(1);
    typing.receive("t", true, "Ada");
    typing.clear("t");
    vi.advanceTimersByTime(9_000);
    expect(shown).toEqual(["Ada", null, "Ada", null]);
  });
});

describe("announcements", () => {
  test("a moving number is said at most once per 20 s, the newest one", () => {
    const sent: string[] = [];
    const announcer = new Announcer((text) => sent.push(text));
    for (const position of [4, 3, 2]) announcer.announceThrottled(`place ${position}`);
    expect(sent).toEqual(["place 4"]);
    vi.advanceTimersByTime(20_000);
    expect(sent).toEqual(["place 4", "place 2"]);
    announcer.announceThrottled("place 1");
    announcer.cancel();
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual(["place 4", "place 2"]);
  });

  test("news twice is read twice", () => {
    const sent: string[] = [];
    const announcer = new Announcer((text) => sent.push(text));
    announcer.announce("Not sent");
    announcer.announce("Not sent");
    expect(new Set(sent).size).toBe(2);
  });
});

describe("scrolling", () => {
  const log = () => ({ scrollTop: 500, scrollHeight: 1000, clientHeight: 500 });

  test("follows a reader at the end and leaves one who reads above", () => {
    const [box, seen] = [log(), [] as boolean[]];
    const scroll = new Scroll(box, (atEnd) => seen.push(atEnd));
    box.scrollHeight = 1100;
    scroll.grown();
    expect(box.scrollTop).toBe(1100);
    box.scrollTop = 100;
    scroll.moved();
    box.scrollHeight = 1200;
    scroll.grown();
    expect([box.scrollTop, seen]).toEqual([100, [false]]);
    scroll.toEnd();
    expect([box.scrollTop, seen]).toEqual([1200, [false, true]]);
  });

  test("older lines above do not move what is being read", () => {
    const box = log();
    box.scrollTop = 40;
    new Scroll(box).keepPosition(() => {
      box.scrollHeight = 1600;
    });
    expect(box.scrollTop).toBe(640);
  });
});

test("client ids are UUIDs of version 7, sorted by time", () => {
  const [early, late] = [clientId(1_700_000_000_000), clientId(1_800_000_000_000)];
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
  expect(Number.parseInt(early.slice(0, 13).replace("-", ""), 16)).toBe(1_700_000_000_000);
});

describe("tokens", () => {
  const colours = new Map(
    [...css.matchAll(/(--[a-z0-9-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
      name ?? "",
      [light ?? "", dark ?? ""],
    ]),
  );
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const text: [string, string[]][] = [
    ["--text", ["--bg", "--canvas", "--sunken", "--hover", "--selected"]],
    ["--text-2", ["--bg", "--canvas", "--sunken", "--hover", "--selected"]],
    ["--text-3", ["--bg", "--canvas", "--sunken", "--hover", "--selected"]],
    ["--accent-text", ["--bg", "--sunken", "--selected"]],
    ["--on-accent", ["--accent", "--accent-hover"]],
    ["--ok", ["--ok-bg", "--bg"]],
    ["--warn", ["--warn-bg", "--bg"]],
    ["--bad", ["--bad-bg", "--bg"]],
    ["--info", ["--info-bg", "--bg"]],
    ["--note-text", ["--note-bg"]],
    ["--bub-me-text", ["--bub-me"]],
    ["--bub-them-text", ["--bub-them"]],
    ["--on-badge", ["--badge"]],
    ["--on-avatar", ["--avatar"]],
  ];

  test.each(text)("%s can be read on all its grounds, light and dark", (front, grounds) => {
    for (const ground of grounds) {
      for (const theme of [0, 1]) {
        const pair = [colours.get(front)?.[theme] ?? "", colours.get(ground)?.[theme] ?? ""] as const;
        expect(contrast(...pair), `${front} on ${ground}, theme ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  test("edges and focus are seen", () => {
    for (const [edge, ground] of [
      ["--line-strong", "--bg"],
      ["--line-strong", "--canvas"],
      ["--line-strong", "--note-bg"],
      ["--focus", "--bg"],
      ["--focus", "--selected"],
    ] as const) {
      for (const theme of [0, 1]) {
        expect(
          contrast(colours.get(edge)?.[theme] ?? "", colours.get(ground)?.[theme] ?? ""),
        ).toBeGreaterThanOrEqual(3);
      }
    }
  });
});
