/** The narrow rail: where one is, the sheet of shortcuts, one's own account. */

import { Icon } from "../ui/icon";
import { AccountMenu } from "./account_menu";
import { useConsole } from "./console";
import { texts } from "./preferences";

export function Nav({ onSignOut }: { onSignOut: () => void }) {
  const { inbox, dialog, router } = useConsole();
  const t = texts.value.nav;
  const unread = inbox.unread.value;
  return (
    <nav class="rail" aria-label={t.label}>
      <a
        class="rail__item"
        href="/console"
        aria-current="page"
        aria-label={unread > 0 ? `${t.inbox}, ${texts.value.list.unread(unread)}` : t.inbox}
        onClick={(event) => {
          event.preventDefault();
          router.go({ ticket: null, pane: "list" });
        }}
      >
        <Icon name="chats" />
        {unread > 0 && (
          <span class="rail__badge" aria-hidden="true">
            {unread > 9 ? "9+" : unread}
          </span>
        )}
      </a>
      <span class="rail__space" />
      <button
        type="button"
        class="rail__item"
        aria-label={t.shortcuts}
        onClick={() => {
          dialog.value = "shortcuts";
        }}
      >
        <Icon name="keyboard" />
      </button>
      <AccountMenu onSignOut={onSignOut} up />
    </nav>
  );
}
