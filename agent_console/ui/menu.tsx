/** A menu button: arrows move, Escape and a click elsewhere close it, and the focus returns. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";

interface MenuProps {
  label: string;
  content: ComponentChildren;
  kind?: string;
  side?: "start" | "end";
  up?: boolean;
  children: (close: () => void) => ComponentChildren;
}

const ITEMS = "[role^=menuitem]:not([aria-disabled=true])";

function step(menu: HTMLElement, key: string): void {
  const items = [...menu.querySelectorAll<HTMLElement>(ITEMS)];
  const here = items.indexOf(document.activeElement as HTMLElement);
  const moves: Record<string, number> = {
    ArrowDown: here + 1,
    ArrowUp: here - 1 + items.length,
    Home: 0,
    End: items.length - 1,
  };
  const next = moves[key];
  if (next !== undefined) items[next % items.length]?.focus();
}

/** Closes when the pointer is pressed or the focus moves outside of `box`. */
function useLeave(box: { current: HTMLElement | null }, open: boolean, leave: () => void): void {
  useEffect(() => {
    if (!open) return;
    const leaveIfOutside = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) leave();
    };
    document.addEventListener("pointerdown", leaveIfOutside);
    document.addEventListener("focusin", leaveIfOutside);
    return () => {
      document.removeEventListener("pointerdown", leaveIfOutside);
      document.removeEventListener("focusin", leaveIfOutside);
    };
  }, [open]);
}

export function Menu({ label, content, kind = "button", side = "start", up = false, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useLeave(box, open, () => setOpen(false));
  useEffect(() => {
    if (open) list.current?.querySelector<HTMLElement>(ITEMS)?.focus();
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (list.current && /^(Arrow|Home|End)/.test(event.key)) step(list.current, event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu" ref={box}>
      <button
        type="button"
        ref={button}
        class={kind}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {content}
      </button>
      {open && (
        <div
          class={`menu__list menu__list--${side}${up ? " menu__list--up" : ""}`}
          id={id}
          ref={list}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={onKey}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  /** One choice of several. */
  chosen?: boolean;
  /** A switch of its own. */
  checked?: boolean;
  hint?: string;
  onPick: () => void;
  children: ComponentChildren;
}

export function MenuItem({ chosen, checked, hint, onPick, children }: ItemProps) {
  const mark = chosen ?? checked;
  // Only a choice or a switch has a state.
  const state =
    mark === undefined
      ? { role: "menuitem" as const }
      : {
          role: chosen === undefined ? ("menuitemcheckbox" as const) : ("menuitemradio" as const),
          "aria-checked": mark,
        };
  return (
    <button type="button" class="menu__item" {...state} tabIndex={-1} onClick={onPick}>
      <span class="menu__mark">{mark && <Icon name="check" />}</span>
      <span>{children}</span>
      {hint && <small>{hint}</small>}
    </button>
  );
}

export function MenuGroup({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is not a group of a menu.
    <div class="menu__group" role="group" aria-label={label}>
      <span class="menu__label" aria-hidden="true">
        {label}
      </span>
      {children}
    </div>
  );
}
