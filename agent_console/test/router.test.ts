/** The router: ticket addresses, views beside the inbox, unknown addresses, Back and Forward. */
import { describe, expect, test } from "vitest";
import { createRouter, parsePath, pathOf } from "../app/router";
import { VIEWS } from "../app/views";

const WITH_REPORTS = [...VIEWS, { name: "reports", paths: ["reports", "reports/:report"] }];
const parse = (path: string) => parsePath(WITH_REPORTS, path);

/** Moves the browser to an address, as Back, Forward or a new page do. */
function visit(path: string): void {
  location.pathname = path;
  dispatchEvent(new Event("popstate"));
}

describe("paths", () => {
  test("the inbox, a ticket and its visitor keep their addresses", () => {
    expect(parse("/console")).toEqual({ view: "inbox", params: {} });
    expect(parse("/console/")).toEqual({ view: "inbox", params: {} });
    expect(parse("/console/t_Qx-1_z")).toEqual({ view: "inbox", params: { ticket: "t_Qx-1_z" } });
    expect(parse("/console/t_1/visitor")).toEqual({
      view: "inbox",
      params: { ticket: "t_1", pane: "visitor" },
    });
  });

  test("a list has an address of its own, and so has a ticket that is open beside it", () => {
    expect(parse("/console/team")).toEqual({ view: "inbox", params: { list: "team" } });
    expect(parse("/console/ended/t_1")).toEqual({ view: "inbox", params: { list: "ended", ticket: "t_1" } });
  });

  test.each([
    "/console",
    "/console/all",
    "/console/team/t_1",
    "/console/ended/t_1/visitor",
    "/console/t_1",
    "/console/t_1/visitor",
    "/console/reports",
    "/console/reports/a%2Fb",
  ])("%s is the path of the route that it is parsed to", (path) =>
    expect(pathOf(WITH_REPORTS, parse(path))).toBe(path),
  );

  test("the name of a view is not a ticket id, whether that view exists or not", () => {
    expect(parse("/console/reports")).toEqual({ view: "reports", params: {} });
    expect(parsePath(VIEWS, "/console/reports")).toEqual({ view: null, params: {} });
  });

  test.each([
    "/console/x",
    "/console/team/team",
    "/console/all/x",
    "/console/t_1/other",
    "/console/t_1/visitor/x",
    "/console/%E0",
    "/console/t_%2F",
  ])("%s is not found", (path) => expect(parse(path).view).toBeNull());
});

describe("the router", () => {
  test("starts at the address of the page", () => {
    location.pathname = "/console/t_1/visitor";
    const router = createRouter(VIEWS);
    expect([router.ticket.value, router.pane.value]).toEqual(["t_1", "visitor"]);
    router.leave();
  });

  test("opening a ticket, its visitor, the inbox and another view changes the address", () => {
    const router = createRouter(WITH_REPORTS);
    const seen = [() => router.openTicket("t_1"), () => router.openTicket("t_1", "visitor")]
      .concat([router.openInbox, () => router.openView("reports")])
      .map((open) => {
        open();
        return [location.pathname, router.ticket.value, router.pane.value];
      });
    expect(seen).toEqual([
      ["/console/t_1", "t_1", "thread"],
      ["/console/t_1/visitor", "t_1", "visitor"],
      ["/console", null, "list"],
      ["/console/reports", null, "thread"],
    ]);
    router.leave();
  });

  test("an opened ticket leaves the list as it is, and Back on a phone returns to it", () => {
    const router = createRouter(VIEWS);
    const seen = [() => router.openList("team"), () => router.openTicket("t_1")]
      .concat([() => router.openTicket("t_1", "visitor"), router.openInbox, () => router.openList(null)])
      .map((open) => {
        open();
        return [location.pathname, router.list.value, router.pane.value, router.pathOfTicket("t_2")];
      });
    expect(seen).toEqual([
      ["/console/team", "team", "list", "/console/team/t_2"],
      ["/console/team/t_1", "team", "thread", "/console/team/t_2"],
      ["/console/team/t_1/visitor", "team", "visitor", "/console/team/t_2"],
      ["/console/team", "team", "list", "/console/team/t_2"],
      ["/console", null, "list", "/console/t_2"],
    ]);
    router.leave();
  });

  test("follows Back and Forward until it is left", () => {
    const router = createRouter(VIEWS);
    visit("/console/t_2");
    expect(router.ticket.value).toBe("t_2");
    router.leave();
    visit("/console/t_3");
    expect(router.ticket.value).toBe("t_2");
  });

  test("leads from an unknown address back to the inbox", () => {
    location.pathname = "/console/nowhere";
    const router = createRouter(VIEWS);
    expect([router.route.value.view, router.ticket.value]).toEqual([null, null]);
    router.openInbox();
    expect([location.pathname, router.route.value.view]).toEqual(["/console", "inbox"]);
    router.leave();
  });
});
