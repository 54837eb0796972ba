import { describe, expect, test } from "vitest";
import css from "../tokens.css?raw";
import { coloursOf, contrast } from "./contrast";

describe("colour tokens", () => {
  const colours = coloursOf(css);
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

  test.each(text)("%s is readable on all its backgrounds, light and dark", (front, grounds) => {
    for (const ground of grounds) {
      for (const theme of [0, 1]) {
        const pair = [colours.get(front)?.[theme] ?? "", colours.get(ground)?.[theme] ?? ""] as const;
        expect(contrast(...pair), `${front} on ${ground}, theme ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  test("borders and focus rings have enough contrast", () => {
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
