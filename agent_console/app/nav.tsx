/** The narrow rail: where one is, the sheet of shortcuts, one's own account. */

import { Icon } from "../ui/icon";
import { AccountMenu } from "./account_menu";
import { useDesk } from "./console";
import { words } from "./preferences";

export function Rail({ onSignOut }: { onSignOut: () => void }) {
  const { inbox, dialog, route } = useDesk();
  const say = words.value.nav;
  const unread = inbox.unread.value;
  return (
    <nav class="rail" aria-label={say.label}>
      <a
        class="rail__item"
        href="/console"
        aria-current="page"
        aria-label={unread > 0 ? `${say.inbox}, ${words.value.list.unread(unread)}` : say.inbox}
        onClick={(event) => {
          event.preventDefault();
          route.go({ ticket: null, pane: "list" });
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
        aria-label={say.shortcuts}
        onClick={() => {
          dialog.value = "sheet";
        }}
      >
        <Icon name="keyboard" />
      </button>
      <AccountMenu onSignOut={onSignOut} up />
    </nav>
  );
}
