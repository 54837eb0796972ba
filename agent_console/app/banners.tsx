/** Banners: no connection, blocked notifications or sound, set away by the server. */
import { useState } from "preact/hooks";
import type { Alerts, Obstacle } from "../presence/alerts";
import { setAvailability } from "../presence/availability";
import { ServiceNotice } from "../presence/service_notice";
import { Icon } from "../ui/icon";
import { useConsole } from "./console";
import { texts } from "./preferences";

/**
 * Shows after 2 seconds without a connection. The region is always there, for screen readers do not read a new one.
 */
export function OfflineBanner({ refused }: { refused: boolean }) {
  const { socket } = useConsole();
  const t = texts.value.banners;
  const text = refused ? t.refused : socket.offline.value ? t.offline : null;
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

function ObstacleBanner({ obstacle, alerts }: { obstacle: Obstacle; alerts: Alerts }) {
  const [hidden, hide] = useState<Obstacle | null>(null);
  const t = texts.value.banners;
  if (hidden === obstacle) return null;
  const remedy = {
    blocked: null,
    ask: { label: texts.value.presence.allow, run: () => void alerts.askPermission() },
    silent: { label: t.wake, run: alerts.wake },
  }[obstacle];
  return (
    <p class="banner">
      <Icon name="bell" />
      <span>{t[obstacle]}</span>
      <button type="button" class="button button--icon" aria-label={t.hide} onClick={() => hide(obstacle)}>
        <Icon name="close" />
      </button>
      {remedy && (
        <span class="banner__actions">
          <button type="button" class="button button--small" onClick={remedy.run}>
            {remedy.label}
          </button>
        </span>
      )}
    </p>
  );
}

function SetAwayBanner({ alerts }: { alerts: Alerts }) {
  const agentConsole = useConsole();
  const t = texts.value.banners;
  return (
    <p class="banner banner--warn">
      <Icon name="alert" />
      <span>{t.missed}</span>
      <span class="banner__actions">
        <button
          type="button"
          class="button button--small"
          onClick={() => void setAvailability(agentConsole, alerts, "available")}
        >
          {t.backAvailable}
        </button>
      </span>
    </p>
  );
}

export function AttentionBanners({ alerts }: { alerts: Alerts }) {
  const { presence } = useConsole();
  const obstacle = alerts.obstacle.value;
  return (
    <div role="status">
      <ServiceNotice />
      {presence.missed.value && <SetAwayBanner alerts={alerts} />}
      {obstacle && <ObstacleBanner obstacle={obstacle} alerts={alerts} />}
    </div>
  );
}
