import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Announcer } from "../dom/live_region";
import { Scroll } from "../dom/scroll";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("announcements", () => {
  test("a changing number is announced at most once per 20 s, with its newest value", () => {
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

  test("the same text announced twice is read twice", () => {
    const sent: string[] = [];
    const announcer = new Announcer((text) => sent.push(text));
    announcer.announce("Not sent");
    announcer.announce("Not sent");
    expect(new Set(sent).size).toBe(2);
  });
});

describe("scrolling", () => {
  const log = () => ({ scrollTop: 500, scrollHeight: 1000, clientHeight: 500 });

  test("follows new entries while the end is in view, and stays while the user reads above", () => {
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

  test("older entries above do not move the visible ones", () => {
    const box = log();
    box.scrollTop = 40;
    new Scroll(box).keepPosition(() => {
      box.scrollHeight = 1600;
    });
    expect(box.scrollTop).toBe(640);
  });
});
