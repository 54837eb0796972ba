/** The texts of features and views, each in `texts.ts` of its folder, follow the rules. */
import { expect, test } from "vitest";
import { textFaults } from "./text_rules";

type Tables = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const files = import.meta.glob<Tables>(
  ["../../{client,widget,agent_console}/**/texts.ts", "!**/node_modules/**"],
  { eager: true },
);
const MADE_UP = "./made_up_feature/texts.ts";
const faultsOf = (path: string) => Object.values(files[path] ?? {}).flatMap((table) => textFaults(table));

test("the made-up feature has a text against each rule, and all are found", () => {
  expect(faultsOf(MADE_UP)).toEqual([
    "fr.colon: Note : 2",
    "fr.ask: 2 étoiles ?",
    "fr.thanks: Merci\u202f!",
    "fr.sure: C'est noté",
    "fr.none:  ",
    "en has undefined where fr has .thanks",
    "en.ask: undefined stars?",
  ]);
});

test("the texts of every feature and view follow the rules", () => {
  const real = Object.keys(files).filter((path) => path !== MADE_UP);
  expect(real.flatMap((path) => faultsOf(path).map((fault) => `${path} ${fault}`))).toEqual([]);
});
