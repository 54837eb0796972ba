/** Short words over the thread, with what can still be undone. */

import { Icon } from "../ui/icon";
import { useDesk } from "./console";
import { words } from "./preferences";

export function Notices() {
  const { notices } = useDesk();
  return (
    <div class="notices" role="status">
      {notices.shown.value.map((notice) => (
        <p key={notice.id} class={`notice notice--${notice.tone}`}>
          {notice.tone === "bad" && <Icon name="alert" />}
          <span>{notice.text}</span>
          {notice.action && (
            <button type="button" class="notice__act" onClick={() => notices.act(notice)}>
              {notice.action.label}
            </button>
          )}
          <button
            type="button"
            class="button button--icon notice__close"
            aria-label={words.value.close}
            onClick={() => notices.drop(notice.id)}
          >
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
