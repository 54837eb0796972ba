/** A second view: one entry of the list gives it an address, an entry in the navigation and, on a phone, in the bar. */
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { type AgentConsole, ConsoleContext, createConsole } from "../app/console";
import { Layout } from "../app/layout";
import { language } from "../app/preferences";
import { createRouter, parsePath } from "../app/router";
import type { View } from "../app/view";
import { VIEWS } from "../app/views";
import { createAlerts } from "../presence/alerts";
import { createSpeaker } from "../presence/sound";
import { Page } from "../ui/page";
import { ada, Server, settled } from "./fake_server";

const WORDS: Record<string, string> = { fr: "Rapports", en: "Reports" };

const reports: View = {
  name: "reports",
  paths: ["reports", "reports/:month"],
  params: { month: /^\d{4}-\d\d$/ },
  component: (props) => (
    <Page title={WORDS[language.value] ?? ""} {...props}>
      <p class="reports">12</p>
    </Page>
  ),
  icon: ["M5 20V10M12 20V4M19 20v-7"],
  label: () => WORDS[language.value] ?? "",
  badge: () => 3,
};

let agentConsole: AgentConsole;

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  agentConsole.close();
  language.value = "fr";
  vi.useRealTimers();
});

/** Draws the whole console with these views, before its first connection. */
async function draw(views: readonly View[]) {
  agentConsole = createConsole(new Server().connect(), ada, createRouter(views), []);
  const alerts = createAlerts(agentConsole, createSpeaker());
  const root = memoryRoot();
  render(
    <ConsoleContext.Provider value={agentConsole}>
      <Layout views={views} alerts={alerts} refused={false} onSignOut={() => undefined} />
    </ConsoleContext.Provider>,
    root,
  );
  await drawn();
  return root;
}

async function drawn(): Promise<void> {
  await settled();
  await vi.advanceTimersByTimeAsync(50);
}

const namesIn = (root: { byClass(name: string): { textContent: string }[] }) =>
  root.byClass("nav__label").map((label) => label.textContent);

test("with one view a phone shows no bar", async () => {
  const root = await draw(VIEWS);
  expect([root.byClass("nav").length, root.byClass("nav--bar").length]).toEqual([1, 0]);
});

test("with two views a phone has a bar that leads to the second, which has the account menu", async () => {
  const root = await draw([...VIEWS, reports]);
  const [bar] = root.byClass("nav--bar");
  expect(namesIn(bar ?? root)).toEqual(["Conversations", "Rapports"]);
  bar?.byClass("nav__item")[1]?.click();
  await drawn();
  expect(location.pathname).toBe("/console/reports");
  const [page] = root.byClass("page");
  expect(page?.byClass("reports").map((one) => one.textContent)).toEqual(["12"]);
  expect(page?.byClass("phone-only").flatMap((tools) => tools.byClass("nav__account"))).toHaveLength(1);
  expect(root.byClass("lists")).toEqual([]);
  root.byClass("nav--bar")[0]?.byClass("nav__item")[0]?.click();
  await drawn();
  expect([root.byClass("page").length, root.byClass("lists").length]).toEqual([0, 1]);
});

test("an open conversation has the whole phone, and its end brings the bar back", async () => {
  const root = await draw([...VIEWS, reports]);
  agentConsole.actions.open("t_1");
  await drawn();
  expect(root.byClass("nav--bar")).toEqual([]);
  agentConsole.router.openInbox();
  await drawn();
  expect(root.byClass("nav--bar")).toHaveLength(1);
});

test("the name and the count of a view are its own and follow the language", async () => {
  const root = await draw([...VIEWS, reports]);
  const entry = root.byClass("nav__item")[1];
  expect(entry?.attributes.get("aria-label")).toContain("Rapports, 3");
  language.value = "en";
  await drawn();
  expect(entry?.attributes.get("aria-label")).toContain("Reports, 3");
});

test("a view decides what its parameters may look like", () => {
  const parse = (path: string) => parsePath([...VIEWS, reports], path);
  expect(parse("/console/reports/2026-11")).toEqual({ view: "reports", params: { month: "2026-11" } });
  expect(parse("/console/reports/soon").view).toBeNull();
});
