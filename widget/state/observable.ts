/** A plain object that tells when it changes, and what follows from it: all of it, once, right after.
 *
 * A library of signals and the hooks it needs weigh 3.5 kB of the 20 that an opened chat may; the panel is one
 * small tree that is drawn again as a whole, so that nothing has to know what depends on what.
 */

export class Observable {
  #effects = new Set<() => void>();
  #due = false;

  /** The same object, watched: setting a property to something else is a change; changing inside a value is not. */
  watch<T extends object>(object: T): T {
    return new Proxy(object, {
      set: (target, name, value) => {
        if (Reflect.get(target, name) !== value) this.#changed();
        return Reflect.set(target, name, value);
      },
    });
  }

  /** Runs now and after every change. What it sets makes it run again, so it must come to rest. */
  effect(effect: () => void): void {
    this.#effects.add(effect);
    effect();
  }

  /** Runs what follows at once instead of at the end of this turn. */
  flush(): void {
    this.#due = false;
    for (const effect of this.#effects) effect();
  }

  #changed(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.#due && this.flush());
  }
}
