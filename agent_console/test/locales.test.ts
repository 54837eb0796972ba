/** Every language has the same texts, French has its no-break spaces, and there are no exclamation marks. */
import { expect, test } from "vitest";
import { LOCALES } from "../../client/protocol/vocabulary";
import { textFaults } from "../../client/test/text_rules";

const files = import.meta.glob("../locales/??.ts", { eager: true, import: "texts" });

/** Arguments that fit every function. */
function argumentsFor(path: string): unknown[] {
  if (path.startsWith(".events")) {
    const times = { promised: "25 November", due: "26 November", notice: "2" };
    return [{ agent: "Ada", from: "Ada", to: "Ben", status: "open", reason: "Banque", ...times }];
  }
  return path === ".offer.ended" ? ["Vic", "taken"] : [2, 4];
}

test.each(LOCALES)("%s has a file of texts", (language) => {
  const texts = files[`../locales/${language}.ts`];
  expect(texts, `agent_console/locales/${language}.ts exports no texts`).toBeDefined();
});

test("the texts follow the rules", () => {
  const table = Object.entries(files).map(([path, texts]) => [
    path.slice(-"fr.ts".length, -".ts".length),
    texts,
  ]);
  expect(table.length).toBeGreaterThanOrEqual(LOCALES.length);
  expect(textFaults(Object.fromEntries(table), argumentsFor)).toEqual([]);
});
