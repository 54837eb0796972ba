/** The shared clock: it ticks every second while something on screen shows a running time. */
import { type ReadonlySignal, signal } from "@preact/signals";

const now = signal(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  const wanted = watchers > 0 && !document.hidden;
  if (wanted && timer === undefined) {
    now.value = Date.now();
    timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

document.addEventListener("visibilitychange", tick);

/** Milliseconds since 1970; changes every second while it is watched. */
export const clock: ReadonlySignal<number> = now;

/** Returns a function that stops watching. */
export function watchClock(): () => void {
  watchers += 1;
  tick();
  return () => {
    watchers -= 1;
    tick();
  };
}
