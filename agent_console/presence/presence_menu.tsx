/** The presence menu: available or away, the number of chats, and a test of the sound. */

import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import type { Alerts } from "./alerts";
import { setAvailability } from "./availability";
import type { Availability } from "./presence";

export function PresenceMenu({ alerts }: { alerts: Alerts }) {
  const agentConsole = useConsole();
  const t = texts.value.presence;
  const choice = agentConsole.presence.choice.value;
  const { chats, capacity } = agentConsole.presence.me.value;
  const pick = (state: Availability, close: () => void) => {
    close();
    void setAvailability(agentConsole, alerts, state);
  };
  const closed = agentConsole.service.closed.value;
  const face = (
    <>
      <i class={`dot dot--${choice === "away" ? "off" : closed ? "half" : "on"}`} />
      <span>
        {t[choice]} · {t.count(chats, capacity)}
      </span>
      <Icon name="down" />
    </>
  );
  return (
    <Menu
      label={`${t.label}${texts.value.colon}${t[choice]}, ${t.slots(chats, capacity)}`}
      kind="pill"
      side="end"
      content={face}
    >
      {(close) => (
        <>
          <MenuItem
            chosen={choice === "available"}
            hint={closed ? t.closedHint : t.availableHint}
            onPick={() => pick("available", close)}
          >
            {t.available}
          </MenuItem>
          <MenuItem chosen={choice === "away"} hint={t.awayHint} onPick={() => pick("away", close)}>
            {t.away}
          </MenuItem>
          <hr />
          {alerts.permission.value === "default" && (
            <MenuItem onPick={() => void alerts.askPermission()}>{t.allow}</MenuItem>
          )}
          <MenuItem onPick={() => void alerts.test()}>{t.test}</MenuItem>
        </>
      )}
    </Menu>
  );
}
