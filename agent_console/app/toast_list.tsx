/** Draws the toasts. */

import { Icon } from "../ui/icon";
import { useConsole } from "./console";
import { texts } from "./preferences";

export function ToastList() {
  const { toasts } = useConsole();
  return (
    <div class="toasts" role="status">
      {toasts.shown.value.map((toast) => (
        <p key={toast.id} class={`toast toast--${toast.tone}`}>
          {toast.tone === "bad" && <Icon name="alert" />}
          <span>{toast.text}</span>
          {toast.action && (
            <button type="button" class="toast__action" onClick={() => toasts.runAction(toast)}>
              {toast.action.label}
            </button>
          )}
          <button
            type="button"
            class="button button--icon toast__close"
            aria-label={texts.value.close}
            onClick={() => toasts.dismiss(toast.id)}
          >
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
