/** Short words over the thread: something was done, refused, or can still be undone. */
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
}

const LASTS_MS = 6000;

export function createNotices() {
  const shown = signal<readonly Notice[]>([]);
  let last = 0;

  function drop(id: number): void {
    shown.value = shown.value.filter((notice) => notice.id !== id);
  }

  /** `lasts` in milliseconds; the answer takes the notice away before that. */
  function say(notice: Omit<Notice, "id">, lasts = LASTS_MS): () => void {
    last += 1;
    const id = last;
    shown.value = [...shown.value.slice(-2), { ...notice, id }];
    const timer = setTimeout(() => drop(id), lasts);
    return () => {
      clearTimeout(timer);
      drop(id);
    };
  }

  return {
    shown,
    say,
    drop,
    act(notice: Notice): void {
      drop(notice.id);
      notice.action?.run();
    },
  };
}

export type Notices = ReturnType<typeof createNotices>;
