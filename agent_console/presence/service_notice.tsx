/** Says that the desk is closed or has limited hours, and lets administrators open it for an hour. */
import { useState } from "preact/hooks";
import type { Service } from "../../client/protocol/shared";
import { reopeningTime } from "../../client/text/future_time";
import { timeOfDay } from "../../client/text/time_format";
import { useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";

/** Null while the regular hours are open. */
function noticeOf(service: Service): { dot: "on" | "half" | "off"; text: string } | null {
  const t = texts.value.service;
  if (service.extra_hours && service.until)
    return { dot: "on", text: t.extraUntil(timeOfDay(service.until, timeLocale.value)) };
  if (service.state === "limited") return { dot: "half", text: t.limited };
  if (service.state === "open") return null;
  const opens = service.next_open && reopeningTime(service.next_open, timeLocale.value);
  return { dot: "off", text: opens ? t.closedUntil(opens) : t.closed };
}

function OpeningButton({ service }: { service: Service }) {
  const agentConsole = useConsole();
  const [busy, setBusy] = useState(false);
  const t = texts.value.service;
  if (agentConsole.self.role !== "admin" || (service.state !== "closed" && !service.extra_hours)) return null;
  const run = (change: () => Promise<void>) => {
    setBusy(true);
    change()
      .catch((error) => agentConsole.actions.reportError(error))
      .finally(() => setBusy(false));
  };
  const { openForAnHour, close } = agentConsole.service;
  return (
    <button
      type="button"
      class="button button--small"
      disabled={busy}
      onClick={() => run(service.extra_hours ? close : openForAnHour)}
    >
      {service.extra_hours ? t.closeNow : t.openForAnHour}
    </button>
  );
}

export function ServiceNotice() {
  const service = useConsole().service.now.value;
  const notice = service && noticeOf(service);
  if (!notice) return null;
  return (
    <div class="service-notice">
      <i class={`dot dot--${notice.dot}`} />
      <p>
        <strong>{notice.text}</strong>
        {service.mode === "form" && ` · ${texts.value.service.form}`}
      </p>
      <OpeningButton service={service} />
    </div>
  );
}
