/** The list of views. A new view is one folder and one line here. */
import { inboxView } from "../inbox/inbox_view";
import type { View } from "./view";

export const VIEWS: readonly View[] = [inboxView];
