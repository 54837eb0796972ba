/** Available or away, how many places are taken, and whether one would be heard. */

import { useDesk } from "../app/console";
import { words } from "../app/preferences";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import type { Notifier } from "./alerts";
import { setAvailability } from "./availability";
import type { Choice } from "./presence";

export function PresenceMenu({ notifier }: { notifier: Notifier }) {
  const desk = useDesk();
  const say = words.value.presence;
  const choice = desk.presence.choice.value;
  const { chats, capacity } = desk.presence.me.value;
  const pick = (state: Choice, close: () => void) => {
    close();
    void setAvailability(desk, notifier, state);
  };
  const face = (
    <>
      <i class={`dot dot--${choice === "available" ? "on" : "off"}`} />
      <span>
        {say[choice]} · {say.count(chats, capacity)}
      </span>
      <Icon name="down" />
    </>
  );
  return (
    <Menu
      label={`${say.label}${words.value.colon}${say[choice]}, ${say.places(chats, capacity)}`}
      kind="pill"
      side="end"
      face={face}
    >
      {(close) => (
        <>
          <MenuItem
            chosen={choice === "available"}
            hint={say.availableHint}
            onPick={() => pick("available", close)}
          >
            {say.available}
          </MenuItem>
          <MenuItem chosen={choice === "away"} hint={say.awayHint} onPick={() => pick("away", close)}>
            {say.away}
          </MenuItem>
          <hr />
          {notifier.permission.value === "default" && (
            <MenuItem onPick={() => void notifier.askPermission()}>{say.allow}</MenuItem>
          )}
          <MenuItem onPick={() => void notifier.test()}>{say.test}</MenuItem>
        </>
      )}
    </Menu>
  );
}
