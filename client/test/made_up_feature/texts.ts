/** The texts of no feature: each breaks a rule, to show that the tests find the files of this name. */
export const TEXTS = {
  fr: {
    colon: "Note : 2",
    ask: (stars: number) => `${stars} étoiles ?`,
    thanks: "Merci\u202f!",
    sure: "C'est noté",
    right: "Votre note\u00a0: «\u00a02\u00a0» à 9:30",
    none: " ",
  },
  en: { colon: "Rating: 2", ask: (stars?: { count: number }) => `${stars?.count} stars?` },
};
