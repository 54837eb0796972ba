/** Pages of a single-page site: told when the address changes. */

type On = (target: EventTarget, names: string, listener: () => void) => void;

/** Where the browser does not tell (before Firefox 147, Safari 26.2), it is seen at a click; at the next one, where the
 *  site takes its time. The page's own history functions are left alone. */
export function onNavigation(on: On, navigated: () => void): void {
  let last = location.href;
  const { navigation } = window as unknown as { navigation?: EventTarget };
  on(navigation ?? window, "currententrychange popstate hashchange click", () => {
    if (location.href === last) return;
    last = location.href;
    navigated();
  });
}
