/** A running time that is updated only while it is on screen. */
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, watchClock } from "./clock";

/** Whether the element is on screen; true if the browser can't tell. */
function useVisible(box: { current: Element | null }): boolean {
  const [visible, setSeen] = useState(false);
  useEffect(() => {
    if (!box.current || typeof IntersectionObserver === "undefined") return setSeen(true);
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return visible;
}

interface LiveTimeProps {
  text: (now: number) => string;
  kind: string;
  /** A class that depends on the time. */
  extraClass?: (now: number) => string;
}

export function LiveTime({ text, kind, extraClass }: LiveTimeProps) {
  const box = useRef<HTMLSpanElement>(null);
  const visible = useVisible(box);
  useEffect(() => (visible ? watchClock() : undefined), [visible]);
  const now = visible ? clock.value : Date.now();
  return (
    <span class={`${kind} ${extraClass?.(now) ?? ""}`} ref={box}>
      {text(now)}
    </span>
  );
}
