/** Where the agent is: /console, /console/TICKET, /console/TICKET/visitor; Back and Forward work. */
import { signal } from "@preact/signals";

export type Pane = "list" | "thread" | "visitor";

export interface Place {
  ticket: string | null;
  pane: Pane;
}

/** As in the style: one column at a time. */
export const onPhone = (): boolean => matchMedia("(max-width: 700px)").matches;

const BASE = "/console";

export function placeOf(path: string): Place {
  const [ticket, rest] = path.slice(BASE.length).split("/").filter(Boolean);
  const named = ticket && decoded(ticket);
  if (!named) return { ticket: null, pane: "list" };
  return { ticket: named, pane: rest === "visitor" ? "visitor" : "thread" };
}

/** Null for what nobody's browser encodes so, as `%E0`: a mistyped address shows the lists, not a blank page. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export function pathOf({ ticket, pane }: Place): string {
  if (!ticket) return BASE;
  return `${BASE}/${encodeURIComponent(ticket)}${pane === "visitor" ? "/visitor" : ""}`;
}

export function createRoute() {
  const place = signal<Place>(placeOf(location.pathname));
  const follow = () => {
    place.value = placeOf(location.pathname);
  };
  addEventListener("popstate", follow);
  return {
    place,
    go(next: Place): void {
      if (pathOf(next) === pathOf(place.value)) return;
      history.pushState(null, "", pathOf(next));
      place.value = next;
    },
    leave: () => removeEventListener("popstate", follow),
  };
}

export type Route = ReturnType<typeof createRoute>;
