/** Toasts: short messages that something was done, refused, or can be undone. */
import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  /** `undoes`: the action takes back what was just done; the undo key runs it. */
  action?: { label: string; run: () => void; undoes?: boolean };
}

const DEFAULT_DURATION_MS = 6000;
const MAX_TOASTS = 3;

export function createToasts() {
  const shown = signal<readonly Toast[]>([]);
  let last = 0;

  function dismiss(id: number): void {
    shown.value = shown.value.filter((toast) => toast.id !== id);
  }

  /** Returns a function that dismisses the toast before `durationMs`. */
  function show(toast: Omit<Toast, "id">, durationMs = DEFAULT_DURATION_MS): () => void {
    last += 1;
    const id = last;
    // Toasts with an action stay, however many others come.
    const surplus = Math.max(0, shown.value.length + 1 - MAX_TOASTS);
    const oldest = shown.value.filter(({ action }) => !action).slice(0, surplus);
    shown.value = [...shown.value.filter((one) => !oldest.includes(one)), { ...toast, id }];
    const timer = setTimeout(() => dismiss(id), durationMs);
    return () => {
      clearTimeout(timer);
      dismiss(id);
    };
  }

  return {
    shown,
    show,
    dismiss,
    runAction(toast: Toast): void {
      dismiss(toast.id);
      toast.action?.run();
    },
  };
}

export type Toasts = ReturnType<typeof createToasts>;
