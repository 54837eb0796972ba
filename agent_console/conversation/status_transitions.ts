/**
 * The statuses that an agent may set. It equals the server's table, so that no menu offers what the server refuses.
 */
import type { Status } from "../../client/protocol/vocabulary";

export const MANUAL_TRANSITIONS: Record<Status, readonly Status[]> = {
  live: ["open", "pending", "on_hold", "solved", "closed"],
  open: ["pending", "on_hold", "solved", "closed"],
  pending: ["open", "on_hold", "solved", "closed"],
  on_hold: ["open", "pending", "solved", "closed"],
  solved: ["open", "pending", "on_hold", "closed"],
  closed: [],
};
