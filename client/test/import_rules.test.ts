/** Import rules: feature folders do not import each other, except the pairs in this table; no import circles. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { circlesOf, forbiddenImports, graphOf, importsOf, type Tree, unusedPairs } from "./import_rules";

const TREES: Readonly<Record<string, Tree>> = {
  client: {
    base: ["protocol/"],
    roots: [],
    types: [],
    pairs: [
      ["conversation/outbox", "transport/transport", "the outbox sends again after ConnectionLost"],
      ["dom/linked_text", "text/linkify", "web addresses become links"],
    ],
  },
  widget: {
    base: [
      "bridge/",
      "locales/",
      "ui/",
      "frame/config",
      "state/state",
      "state/feature",
      "state/observable",
      "state/view_context",
    ],
    roots: ["main", "features", "state/store", "state/effects"],
    types: [],
    pairs: [["frame/App", "conversation/", "the panel draws the log and the composer"]],
  },
  agent_console: {
    base: [
      "connection/",
      "locales/",
      "ui/",
      "app/local_storage",
      "app/preferences",
      "app/router",
      "app/toasts",
    ],
    roots: ["main", "app/"],
    types: ["app/console", "app/feature", "app/parts", "app/view"],
    pairs: [
      ["inbox/inbox_view", "conversation/", "the inbox view shows the open conversation beside the lists"],
      ["shortcuts/shortcuts", "presence/", "a key sets the agent available or away"],
    ],
  },
};

const ROOT = join(import.meta.dirname, "../..");

/** Every source file of a tree by its path from the root. */
function sourcesOf(tree: string): [string, string][] {
  return readdirSync(join(ROOT, tree), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/node_modules|\.config\.ts$|import_rules\.test/.test(name))
    .map((name) => [`${tree}/${name}`, readFileSync(join(ROOT, tree, name), "utf8")]);
}

const graph = graphOf(Object.fromEntries(Object.keys(TREES).flatMap(sourcesOf)));

describe("the front ends", () => {
  test("the graph has the files and imports of all three trees", () => {
    expect(graph.size).toBeGreaterThan(120);
    expect(graph.get("agent_console/app/console")).toContain("client/protocol/agent");
  });

  test("keep the types of the agents out of the widget", () => {
    const importing = [...graph].filter(([, imports]) => imports.includes("client/protocol/agent"));
    const trees = new Set(importing.map(([file]) => file.split("/")[0]));
    expect(trees).toContain("agent_console");
    expect(trees).not.toContain("widget");
  });

  test("keep them out of what the widget imports from client/", () => {
    const reached = new Set([...graph.keys()].filter((file) => file.startsWith("widget/")));
    // The loop also visits what it adds.
    for (const file of reached) for (const imported of graph.get(file) ?? []) reached.add(imported);
    expect(reached).toContain("client/protocol/visitor");
    expect(reached).not.toContain("client/protocol/agent");
  });

  test("have no import circles", () => expect(circlesOf(graph)).toEqual([]));

  test("have no forbidden imports", () => expect(forbiddenImports(graph, TREES)).toEqual([]));

  test("need every pair in the table", () => expect(unusedPairs(graph, TREES)).toEqual([]));
});

describe("the checker", () => {
  test("reads named, type, side-effect, re-exported and dynamic imports, but no comments", () => {
    const source = `
      import { a } from "./a";
      import type { B } from "../b";
      import "./c.css";
      export { d } from "./d";
      const e = () => import("./e");
      import f from "preact";
      // import "./comment";
      /* import "./comment" */
    `;
    expect(importsOf(source)).toEqual(["./a", "../b", "./c.css", "./d", "./e"]);
  });

  test("finds a circle, through types and dynamic imports too", () => {
    const made = graphOf({
      "widget/form/a.ts": 'import type { B } from "./b";',
      "widget/form/b.ts": 'const c = () => import("../state/c");',
      "widget/state/c.tsx": 'import { a } from "../form/a";',
      "widget/state/d.ts": 'import { a } from "../form/a";',
    });
    expect(circlesOf(made)).toEqual(["widget/form/a -> widget/form/b -> widget/state/c -> widget/form/a"]);
  });

  test("finds imports between features, from the base to a feature and between the trees", () => {
    const made = graphOf({
      "widget/form/a.ts":
        'import "../conversation/Log"; import "../ui/Icon"; import "../../client/protocol/shared";',
      "widget/ui/Icon.tsx": 'import "../form/a";',
      "widget/loader/b.ts": 'import "../../agent_console/ui/icon";',
      "client/text/c.ts": 'import "../../widget/form/a"; import "../dom/d";',
      "agent_console/inbox/card.tsx": 'import "../conversation/log/log"; import "../test/fake_server";',
    });
    expect(forbiddenImports(made, TREES)).toEqual([
      "widget/form/a -> widget/conversation/Log",
      "widget/ui/Icon -> widget/form/a",
      "widget/loader/b -> agent_console/ui/icon",
      "client/text/c -> widget/form/a",
      "client/text/c -> client/dom/d",
      "agent_console/inbox/card -> agent_console/conversation/log/log",
      "agent_console/inbox/card -> agent_console/test/fake_server",
    ]);
  });

  test("finds a pair that nothing needs", () => {
    const tree = {
      base: [],
      roots: [],
      types: [],
      pairs: [["form/", "conversation/", "no reason"]] as const,
    };
    expect(unusedPairs(graphOf({}), { widget: tree })).toEqual(["widget: form/ -> conversation/"]);
  });
});
