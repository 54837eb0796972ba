/** What the agent must know and may otherwise miss: no line, no sound, set away. */
import { useState } from "preact/hooks";
import type { Notifier, Obstacle } from "../presence/alerts";
import { setAvailability } from "../presence/availability";
import { Icon } from "../ui/icon";
import { useDesk } from "./console";
import { words } from "./preferences";

/** Says so only after 2 seconds without a line; the region itself is always there, or it would not be read. */
export function OfflineBanner({ unwanted }: { unwanted: boolean }) {
  const { link } = useDesk();
  const say = words.value.banners;
  const text = unwanted ? say.refused : link.cut.value ? say.offline : null;
  return (
    <div class="offline" role="status">
      {text && (
        <p>
          <Icon name="cloud" />
          {text}
        </p>
      )}
    </div>
  );
}

function Obstructed({ obstacle, notifier }: { obstacle: Obstacle; notifier: Notifier }) {
  const [hidden, hide] = useState<Obstacle | null>(null);
  const say = words.value.banners;
  if (hidden === obstacle) return null;
  const cure = {
    blocked: null,
    ask: { label: words.value.presence.allow, run: () => void notifier.askPermission() },
    silent: { label: say.wake, run: notifier.wake },
  }[obstacle];
  return (
    <p class="banner">
      <Icon name="bell" />
      <span>{say[obstacle]}</span>
      <button type="button" class="button button--icon" aria-label={say.hide} onClick={() => hide(obstacle)}>
        <Icon name="close" />
      </button>
      {cure && (
        <span class="banner__acts">
          <button type="button" class="button button--small" onClick={cure.run}>
            {cure.label}
          </button>
        </span>
      )}
    </p>
  );
}

function SetAway({ notifier }: { notifier: Notifier }) {
  const desk = useDesk();
  const say = words.value.banners;
  return (
    <p class="banner banner--warn">
      <Icon name="alert" />
      <span>{say.missed}</span>
      <span class="banner__acts">
        <button
          type="button"
          class="button button--small"
          onClick={() => void setAvailability(desk, notifier, "available")}
        >
          {say.backAvailable}
        </button>
      </span>
    </p>
  );
}

export function AttentionBanners({ notifier }: { notifier: Notifier }) {
  const { presence } = useDesk();
  const obstacle = notifier.obstacle.value;
  return (
    <div role="status">
      {presence.missed.value && <SetAway notifier={notifier} />}
      {obstacle && <Obstructed obstacle={obstacle} notifier={notifier} />}
    </div>
  );
}
