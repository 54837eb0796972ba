/** Detects the navigation of a single-page site. */

import { on } from "./events";

/**
 * Browsers without the Navigation API (Firefox before 147, Safari before 26.2) report no change of address, so it is
 * compared at each click; a slow site is noticed at the next click. The page's history functions are not replaced.
 */
export function onNavigation(navigated: () => void): void {
  let last = location.href;
  const { navigation } = window as unknown as { navigation?: EventTarget };
  on(navigation ?? window, "currententrychange popstate click", () => {
    if (location.href === last) return;
    last = location.href;
    navigated();
  });
}
