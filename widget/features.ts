/** The list of features. A new feature is one folder and one line here. */
import type { Feature } from "./state/feature";

export const FEATURES: readonly Feature[] = [
  { needed: (state) => state.needsForm, load: () => import("./form/lazy_form") },
];
