/** The words of a promise that nears its due time or was broken. */
import type { PromiseAlert } from "../../client/protocol/vocabulary";

interface AlertTexts {
  words: Record<PromiseAlert, (date: string, number: number) => string>;
  open: string;
}

const fr: AlertTexts = {
  words: {
    soon: (date, number) => `À répondre avant le ${date}\u00a0: n°\u00a0${number}`,
    close: (date, number) => `Bientôt en retard, à répondre avant le ${date}\u00a0: n°\u00a0${number}`,
    broken: (date, number) => `La réponse promise avant le ${date} n’est pas partie\u00a0: n°\u00a0${number}`,
  },
  open: "Ouvrir",
};

const en: AlertTexts = {
  words: {
    soon: (date, number) => `Answer before ${date}: #${number}`,
    close: (date, number) => `Almost late, answer before ${date}: #${number}`,
    broken: (date, number) => `The answer promised by ${date} was not sent: #${number}`,
  },
  open: "Open",
};

export const alertTexts = { fr, en };
