/** A running time, which ticks only while it can be seen. */
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, watchClock } from "./clock";

/** Whether the element is on screen; where it can't be asked it counts as seen. */
function useSeen(box: { current: Element | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!box.current || typeof IntersectionObserver === "undefined") return setSeen(true);
    const eye = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    eye.observe(box.current);
    return () => eye.disconnect();
  }, []);
  return seen;
}

interface TickingProps {
  say: (now: number) => string;
  kind: string;
  /** One more class that depends on the time. */
  look?: (now: number) => string;
}

export function Ticking({ say, kind, look }: TickingProps) {
  const box = useRef<HTMLSpanElement>(null);
  const seen = useSeen(box);
  useEffect(() => (seen ? watchClock() : undefined), [seen]);
  const now = seen ? clock.value : Date.now();
  return (
    <span class={`${kind} ${look?.(now) ?? ""}`} ref={box}>
      {say(now)}
    </span>
  );
}
