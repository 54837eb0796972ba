/** Says that the desk is closed or has limited hours; nothing while it is open. */
import { reopeningTime } from "../../client/text/future_time";
import { useConsole } from "../app/console";
import { texts, timeLocale } from "../app/preferences";

export function ServiceNotice() {
  const service = useConsole().service.now.value;
  const t = texts.value.service;
  if (!service || service.state === "open") return null;
  const opens = service.next_open && reopeningTime(service.next_open, timeLocale.value);
  const closed = opens ? t.closedUntil(opens) : t.closed;
  return (
    <p class="service-notice">
      <i class={`dot dot--${service.state === "closed" ? "off" : "half"}`} />
      <span>
        <strong>{service.state === "closed" ? closed : t.limited}</strong>
        {service.mode === "form" && ` · ${t.form}`}
      </span>
    </p>
  );
}
