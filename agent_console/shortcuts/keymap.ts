/** The keymap: which key stands for which action. Pure. */

import { isComposing } from "../../client/dom/composition";

export type ShortcutAction =
  | "next"
  | "previous"
  | "end"
  | "reply"
  | "note"
  | "search"
  | "shortcuts"
  | "back"
  | "claim"
  | "handOver"
  | "presence"
  | "decline"
  | "undo"
  | { chat: number };

export interface KeyPress {
  key: string;
  code: string;
  alt: boolean;
  /** Ctrl, or Command on a Mac. */
  ctrl: boolean;
  shift: boolean;
  /** Typed into a field, where letters are text. */
  writing: boolean;
  /** The key is held down and repeats. */
  repeat?: boolean;
  /** The key belongs to an input method. */
  composing?: boolean;
}

// Plain letters. On a keyboard without Latin letters the position of the key counts.
const LETTER_KEYS: Record<string, ShortcutAction> = {
  j: "next",
  k: "previous",
  e: "end",
  a: "claim",
  t: "handOver",
  d: "presence",
  x: "decline",
  z: "undo",
};

// With Alt, also in the composer. By position: Alt changes the letter on a Mac, and a French keyboard has its digits
// behind Shift.
const ALT_KEYS: Record<string, ShortcutAction> = { KeyP: "note", KeyL: "reply" };

function letterFor({ key, code }: KeyPress): string {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const foreign = key.length === 1 && key.charCodeAt(0) > 0x24f;
  return foreign && code.startsWith("Key") ? code.slice(3).toLowerCase() : "";
}

function altAction(code: string): ShortcutAction | null {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code);
  return digit ? { chat: Number(digit[1]) } : (ALT_KEYS[code] ?? null);
}

/** Null if the key has no action. Escape and Ctrl+K work even if single-letter shortcuts are off. */
export function actionFor(press: KeyPress, shortcutsOn: boolean): ShortcutAction | null {
  const { key, code, alt, ctrl } = press;
  if (press.composing) return null;
  if (key === "Escape") return "back";
  if (ctrl && !alt && key.toLowerCase() === "k") return "search";
  if (ctrl || !shortcutsOn) return null;
  if (alt) return altAction(code);
  if (press.writing) return null;
  if (key === "?") return "shortcuts";
  if (press.shift) return null;
  const action = LETTER_KEYS[letterFor(press)] ?? null;
  // A held key moves through the list; it must not end one chat after the other.
  return press.repeat && action !== "next" && action !== "previous" ? null : action;
}

/** Also true in a menu: letters select its items there, and "e" must not end the chat behind it. */
function isWriting(target: EventTarget | null): boolean {
  const fields = "input, textarea, select, [contenteditable], [role^=menu]";
  return target instanceof HTMLElement && target.matches(fields);
}

export function keyPressOf(event: KeyboardEvent): KeyPress {
  return {
    key: event.key,
    code: event.code,
    alt: event.altKey,
    ctrl: event.ctrlKey || event.metaKey,
    shift: event.shiftKey,
    writing: isWriting(event.target),
    repeat: event.repeat,
    composing: isComposing(event),
  };
}
