import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clientId } from "../conversation/ids";
import { TypingIndicator, TypingSender } from "../conversation/typing";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("typing", () => {
  test('"on" is sent at most once per 1.5 s, and "off" once', () => {
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

  test("a received notice expires after 3 s, or when the message arrives", () => {
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

test("client ids are UUIDs of version 7, sorted by time", () => {
  const [early, late] = [clientId(1_700_000_000_000), clientId(1_800_000_000_000)];
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
  expect(Number.parseInt(early.slice(0, 13).replace("-", ""), 16)).toBe(1_700_000_000_000);
});
