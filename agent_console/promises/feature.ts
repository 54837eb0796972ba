/** A toast when the promise of a ticket nears its due time or was broken; its button opens the ticket. The next alert of
 * a ticket replaces the one before. */
import { dateAndTime } from "../../client/text/future_time";
import type { Feature } from "../app/feature";
import { language, timeLocale } from "../app/preferences";
import { alertTexts } from "./texts";

/** Long enough to read it and to decide. */
const SHOWN_MS = 30_000;

export const promises: Feature = ({ socket, router, toasts }) => {
  const shown = new Map<string, () => void>();
  socket.on("alert", ({ ticket, number, what, due }) => {
    const texts = alertTexts[language.value];
    shown.get(ticket)?.();
    const dismiss = toasts.show(
      {
        text: texts.words[what](dateAndTime(due, timeLocale.value), number),
        tone: what === "broken" ? "bad" : "plain",
        action: { label: texts.open, run: () => router.openTicket(ticket) },
      },
      SHOWN_MS,
    );
    shown.set(ticket, dismiss);
  });
  return {};
};
