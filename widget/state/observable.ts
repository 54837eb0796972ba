/** A plain object that tells when it changes, and what follows from it: all of it, once, right after.
 *
 * A library of signals and the hooks it needs weigh 3.5 kB of the 20 that an opened chat may; the panel is one
 * small tree that is drawn again as a whole, so that nothing has to know what depends on what.
 */

export class Changes {
  #followers = new Set<() => void>();
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
  follow(follower: () => void): void {
    this.#followers.add(follower);
    follower();
  }

  /** Runs what follows at once instead of at the end of this turn. */
  settle(): void {
    this.#due = false;
    for (const follower of this.#followers) follower();
  }

  #changed(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.#due && this.settle());
  }
}
