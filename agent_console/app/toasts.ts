/** Short words over the thread: something was done, refused, or can still be undone. */
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "bad";
  /** `undoes`: it takes back what was just done, and is what the key for that means. */
  action?: { label: string; run: () => void; undoes?: boolean };
}

const LASTS_MS = 6000;
const ROOM = 3;

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
    // What can still be answered stays, however much else there is to say.
    const surplus = Math.max(0, shown.value.length + 1 - ROOM);
    const oldest = shown.value.filter(({ action }) => !action).slice(0, surplus);
    shown.value = [...shown.value.filter((one) => !oldest.includes(one)), { ...notice, id }];
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
