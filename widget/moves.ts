/** Pages of a single-page site: told when the address changes, by whatever the browser offers. */

type On = (target: EventTarget, names: string, listener: () => void) => void;

export function followPages(on: On, moved: () => void): void {
  let last = location.href;
  const look = () => {
    if (location.href === last) return;
    last = location.href;
    moved();
  };
  const { navigation } = window as unknown as { navigation?: EventTarget };
  on(navigation ?? window, navigation ? "currententrychange" : "popstate hashchange", look);
  if (navigation) return;
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...state) {
      original.apply(this, state);
      look();
    };
  }
}
