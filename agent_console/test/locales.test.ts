/** Every language has the same texts, French has its no-break spaces, and there are no exclamation marks. */
import { expect, test } from "vitest";
import { LOCALES } from "../../client/protocol/vocabulary";
import { texts as fr } from "../locales/fr";

const files = import.meta.glob<Tree>("../locales/??.ts", { eager: true, import: "texts" });

type Tree = { [key: string]: unknown };

/** Every text with its path; functions get arguments that fit any of them. */
function sentences(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    const at = `${path}.${key}`;
    if (typeof value === "string") return [[at, value]];
    if (typeof value === "function") return [[at, String(value(...argumentsFor(at)))]];
    return sentences(value as Tree, at);
  });
}

function argumentsFor(path: string): unknown[] {
  if (path.startsWith(".events")) return [{ agent: "Ada", from: "Ada", to: "Ben", status: "open" }];
  return path === ".offer.ended" ? ["Vic", "taken"] : [2, 4];
}

test.each(LOCALES)("%s has a file with the same texts as French", (language) => {
  const texts = files[`../locales/${language}.ts`];
  expect(texts, `agent_console/locales/${language}.ts exports no texts`).toBeDefined();
  const paths = (tree: Tree) => sentences(tree).map(([path]) => path);
  expect(paths(texts as Tree)).toEqual(paths(fr));
});

test("no text is empty, has an exclamation mark or an undefined value", () => {
  for (const [path, text] of Object.values(files).flatMap((texts) => sentences(texts))) {
    expect(text.trim(), path).not.toBe("");
    expect(text, path).not.toMatch(/!|undefined|\[object|NaN/);
  }
});

test("the pattern for missing French spaces finds them", () => {
  expect("Prêt ?").toMatch(/[^\u00a0]:|[^\u202f][?;]|n° /);
});

test("French has its no-break spaces", () => {
  for (const [path, text] of sentences(fr)) {
    // Not the key "?" and not a time like 0:52.
    const plain = text.replace(", ? montre", "").replace(/\d:\d/g, "");
    expect(plain, path).not.toMatch(/[^\u00a0]:|[^\u202f][?;]|n° |« | »/);
    expect(plain, path).not.toMatch(/'/);
  }
});
