/** The shared second hand: it ticks only while something on screen shows a running time. */
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

/** Milliseconds since 1970, moved on each second while anybody watches. */
export const clock: ReadonlySignal<number> = now;

/** Answers a function that stops watching. */
export function watchClock(): () => void {
  watchers += 1;
  tick();
  return () => {
    watchers -= 1;
    tick();
  };
}
