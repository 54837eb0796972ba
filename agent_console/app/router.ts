/** The router: maps the paths under /console to views, and back. Back and Forward of the browser work. */
import { computed, signal } from "@preact/signals";

/** A view's name and its paths under /console, for example `["", ":ticket", ":ticket/:pane"]`. */
export interface ViewPaths {
  readonly name: string;
  readonly paths: readonly string[];
  /** What a parameter may look like; one that is not listed takes any segment. */
  readonly params?: Readonly<Record<string, RegExp>>;
}

/** `view` is null if no view has this path. */
export interface Route {
  readonly view: string | null;
  readonly params: Readonly<Record<string, string>>;
}

export type Pane = "list" | "thread" | "visitor";

const BASE = "/console";
const INBOX = "inbox";
const NOT_FOUND: Route = { view: null, params: {} };

/** True in the layout that shows one column at a time; the same limit is in the stylesheet. */
export const onPhone = (): boolean => matchMedia("(max-width: 700px)").matches;

export function parsePath(views: readonly ViewPaths[], path: string): Route {
  const segments = segmentsOf(path);
  if (!segments) return NOT_FOUND;
  for (const { name, paths, params: allowed } of views) {
    for (const pattern of paths) {
      const params = matchPattern(pattern, segments, allowed);
      if (params) return { view: name, params };
    }
  }
  return NOT_FOUND;
}

/** The decoded segments after /console; null if a segment can't be decoded, as `%E0`. */
function segmentsOf(path: string): string[] | null {
  try {
    return path.slice(BASE.length).split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
}

function matchPattern(
  pattern: string,
  segments: readonly string[],
  allowed: ViewPaths["params"],
): Record<string, string> | null {
  const parts = pattern.split("/").filter(Boolean);
  if (parts.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    const segment = segments[at] ?? "";
    const name = part.startsWith(":") ? part.slice(1) : null;
    if (name === null ? segment !== part : allowed?.[name]?.test(segment) === false) return null;
    if (name !== null) params[name] = segment;
  }
  return params;
}

/** The path of a route: the pattern of its view that takes exactly its parameters. */
export function pathOf(views: readonly ViewPaths[], { view, params }: Route): string {
  const given = Object.keys(params).sort().join();
  const paths = views.find(({ name }) => name === view)?.paths ?? [];
  const pattern = paths.find((one) => parameters(one).sort().join() === given) ?? "";
  const filled = pattern.replace(/:(\w+)/g, (_, name) => encodeURIComponent(params[name] ?? ""));
  return filled ? `${BASE}/${filled}` : BASE;
}

const parameters = (pattern: string): string[] =>
  [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);

export function createRouter(views: readonly ViewPaths[]) {
  const route = signal<Route>(parsePath(views, location.pathname));
  const follow = () => {
    route.value = parsePath(views, location.pathname);
  };
  addEventListener("popstate", follow);

  function go(next: Route): void {
    const path = pathOf(views, next);
    if (route.value.view !== null && path === pathOf(views, route.value)) return;
    history.pushState(null, "", path);
    route.value = next;
  }

  const ticket = computed(() => route.value.params.ticket ?? null);
  const list = computed(() => route.value.params.list ?? null);
  const inboxRoute = (name: string | null, params: Route["params"] = {}): Route => ({
    view: INBOX,
    params: name === null ? params : { list: name, ...params },
  });
  return {
    route,
    /** The open ticket, or null. */
    ticket,
    /** The list of the inbox beside one's own that is shown, or null. An opened ticket leaves it as it is. */
    list,
    /** Which of the three columns a phone shows. */
    pane: computed((): Pane => {
      if (ticket.value === null) return route.value.view === INBOX ? "list" : "thread";
      return route.value.params.pane === "visitor" ? "visitor" : "thread";
    }),
    openView: (name: string): void => go({ view: name, params: {} }),
    openInbox: (): void => go(inboxRoute(list.peek())),
    openList: (name: string | null): void => go(inboxRoute(name)),
    openTicket: (id: string, pane: Pane = "thread"): void =>
      go(inboxRoute(list.peek(), pane === "visitor" ? { ticket: id, pane } : { ticket: id })),
    pathOfList: (name: string | null): string => pathOf(views, inboxRoute(name)),
    pathOfTicket: (id: string): string => pathOf(views, inboxRoute(list.value, { ticket: id })),
    pathOfView: (name: string): string => pathOf(views, { view: name, params: {} }),
    leave: () => removeEventListener("popstate", follow),
  };
}

export type Router = ReturnType<typeof createRouter>;
