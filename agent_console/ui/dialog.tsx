/** A native modal dialog: the browser traps the focus, restores it and closes on Escape. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { texts } from "../app/preferences";
import { Icon } from "./icon";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** A selector of the element that takes the focus; without it the close button does. */
  first?: string;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, first, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = box.current;
    const opener = document.activeElement;
    dialog?.showModal();
    if (first) dialog?.querySelector<HTMLElement>(first)?.focus();
    return () => {
      dialog?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click on the backdrop; for the keyboard there is Escape.
    <dialog
      class="dialog"
      ref={box}
      aria-labelledby={heading}
      onCancel={onClose}
      // The event comes after the dialog is gone: another one may be open by then.
      onClose={() => box.current && onClose()}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <div class="dialog__body">
        <header class="dialog__head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="button button--icon" aria-label={texts.value.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
