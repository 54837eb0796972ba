import { describe, expect, test } from "vitest";
import { dateAndTime, reopeningTime } from "../text/future_time";
import { linkify } from "../text/linkify";
import { cutText } from "../text/message_text";
import { dateText, dayLabel, timeOfDay } from "../text/time_format";

const paris = { locale: "fr-FR", at: "à", timeZone: "Europe/Paris" };
const london = { locale: "en-GB", at: "at", timeZone: "Europe/London" };
const NOW = Date.parse("2026-11-23T10:00:00Z");
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, "~");

describe("times as text", () => {
  test("French hours", () => {
    expect(plain(timeOfDay("2026-11-23T08:12:00Z", paris))).toBe("9~h~12");
    expect(plain(timeOfDay("2026-11-23T08:05:00Z", paris))).toBe("9~h~05");
    expect(plain(timeOfDay("2026-12-02T09:00:00+01:00", paris))).toBe("9~h");
    expect(plain(timeOfDay("2026-11-22T23:00:00Z", paris))).toBe("0~h");
  });

  test("a promise is a date, in the reader's zone", () => {
    expect(plain(dateAndTime("2026-12-02T09:00:00+01:00", paris, NOW))).toBe("mercredi 2~décembre à~9~h");
    expect(plain(dateAndTime("2026-12-02T09:00:00+01:00", london, NOW))).toBe("Wednesday 2~December at~8:00");
    expect(
      plain(
        dateAndTime(
          "2026-12-02T09:00:00+01:00",
          { ...london, locale: "en-US", timeZone: "America/New_York" },
          NOW,
        ),
      ),
    ).toBe("Wednesday, December 2 at~3:00~AM");
  });

  test("the first of a month and a date in another year", () => {
    expect(plain(dateText("2026-12-01T09:00:00Z", paris, NOW))).toBe("mardi 1er~décembre");
    expect(plain(dateText("2027-01-04T09:00:00Z", paris, NOW))).toBe("lundi 4~janvier 2027");
  });

  test("days in a log change at midnight of the reader's time zone", () => {
    expect(dayLabel("2026-11-22T23:30:00Z", paris, NOW)).toBe("aujourd’hui");
    expect(dayLabel("2026-11-22T22:30:00Z", paris, NOW)).toBe("hier");
    expect(dayLabel("2026-11-22T22:30:00Z", london, NOW)).toBe("yesterday");
    expect(plain(dayLabel("2026-11-12T10:00:00Z", paris, NOW))).toBe("jeudi 12~novembre");
  });

  test("the time when the chat opens again", () => {
    expect(plain(reopeningTime("2026-11-23T14:00:00+01:00", paris, NOW))).toBe("à~14~h");
    expect(plain(reopeningTime("2026-11-24T09:00:00+01:00", paris, NOW))).toBe("demain à~9~h");
    expect(plain(reopeningTime("2026-11-27T09:00:00+01:00", paris, NOW))).toBe("vendredi à~9~h");
    expect(plain(reopeningTime("2026-12-01T09:00:00+01:00", paris, NOW))).toBe("mardi 1er~décembre à~9~h");
  });

  test("digits and calendars of the browser's tag do not change the text", () => {
    const arab = { ...paris, locale: "fr-FR-u-ca-buddhist-nu-arab" };
    for (const text of [timeOfDay, dateText, dayLabel])
      expect(text("2026-11-20T08:12:00Z", arab, NOW)).toBe(text("2026-11-20T08:12:00Z", paris, NOW));
  });

  test("dates are right in the night when clocks change", () => {
    const night = Date.parse("2026-10-25T10:00:00Z");
    expect(dayLabel("2026-10-24T20:00:00Z", paris, night)).toBe("hier");
  });
});

describe("texts that are cut", () => {
  test("never end in half a character", () => {
    expect(cutText("abc", 3)).toBe("abc");
    expect(cutText("abcd", 3)).toBe("abc");
    expect(cutText("ab😀", 3)).toBe("ab");
    expect(cutText("a😀d", 3)).toBe("a😀");
  });
});

describe("web addresses", () => {
  const hrefs = (text: string) => linkify(text).flatMap(({ href }) => href ?? []);

  test("are found without the punctuation around them", () => {
    expect(hrefs("Voir https://ex.fr/a, (http://ex.fr/b) et www.ex.fr/c.")).toEqual([
      "https://ex.fr/a",
      "http://ex.fr/b",
      "https://www.ex.fr/c",
    ]);
    expect(hrefs("https://ex.fr/a_(b)")).toEqual(["https://ex.fr/a_(b)"]);
  });

  test("with any other scheme do not become links", () => {
    for (const text of [
      "javascript:alert(1)",
      "data:text/html,x",
      "ftp://ex.fr",
      "https://",
      "a.b",
      "http://u:p@ex.fr",
    ]) {
      expect(hrefs(text), text).toEqual([]);
    }
  });

  test("the parts joined are the text", () => {
    for (const text of [
      "",
      "a",
      "https://ex.fr",
      "x https://ex.fr. y www.a.b z",
      "<https://ex.fr>",
      "https://ex.fr\nhttps://b.fr",
    ]) {
      expect(
        linkify(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }
  });
});
