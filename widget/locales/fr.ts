/** Les textes du widget en français, espaces insécables comprises, sans supposer le genre de personne. */
import type { Status } from "../../client/protocol/vocabulary";
import type { Texts } from "./en";

// En français, zéro et un sont au singulier.
const one = (count: number, single: string, several: string) =>
  `${count}\u00a0${count < 2 ? single : several}`;

const statuses: Record<string, string> = {
  open: "Votre demande suit son cours",
  pending: "Nous attendons votre réponse",
  on_hold: "Nous examinons votre demande",
  solved: "Demande résolue",
  closed: "Demande fermée",
} satisfies Record<Exclude<Status, "live">, string>;

export const texts: Texts = {
  team: "Support",
  write: "Écrivez-nous",
  close: "Fermer",
  log: "Conversation",
  you: "Vous",

  online: "En ligne",
  replyIn: (minutes) => `Réponse en ${minutes}\u00a0min environ`,
  assigning: "Quelqu’un arrive",
  queued: "L’équipe a votre message",
  chatting: "En conversation avec vous",
  nobody: "Personne n’est libre pour l’instant",
  closed: (when) => `Fermé · réouverture ${when}`,
  closedForNow: "Fermé pour le moment",
  received: "Demande bien reçue",
  onHold: "Nous examinons votre demande",
  ended: "Conversation terminée",

  hello: "Bonjour. Que pouvons-nous faire pour vous\u202f?",
  message: "Votre message",
  addDetail: "Ajouter un détail",
  send: "Envoyer",
  charactersLeft: (count) =>
    count < 2 ? `${count}\u00a0caractère restant` : `${count}\u00a0caractères restants`,
  charactersOver: (count) => one(count, "caractère de trop", "caractères de trop"),

  sending: "envoi…",
  sent: "reçu",
  read: "lu",
  notSent: "Non envoyé.",
  retry: "Réessayer",
  rateLimited: (seconds) =>
    `Trop de messages à la fois\u00a0: envoi automatique dans ${one(seconds, "seconde", "secondes")}.`,
  typing: (name) => `${name} écrit…`,
  newMessages: (count) => one(count, "nouveau message", "nouveaux messages"),

  queuePosition: (position) => ({
    before: "Vous êtes en ",
    number: `${position}`,
    ordinal: position === 1 ? "re" : "e",
    after: "\u00a0position",
  }),
  searching: "Nous prévenons l’équipe",
  wait: (minutes) =>
    `Environ ${one(minutes, "minute", "minutes")} d’attente. Gardez cette page ouverte\u00a0: la réponse arrive ici.`,
  waitUnknown: "Gardez cette page ouverte\u00a0: la réponse arrive ici.",
  longWait: "L’attente est plus longue que prévu. Continuez par écrit, ou gardez cette page ouverte.",
  answerLater: "Continuer par écrit",
  keepWaiting: "Continuer d’attendre",

  at: "à",
  answeredBefore: "Nous vous répondons avant le",
  estimated: "Nous pensons pouvoir vous répondre le",
  answerLate: "Notre réponse est en retard, elle était promise avant le",
  labels: { category: "Thème", email: "Votre adresse e-mail" },
  noChoice: "Choisir un thème (facultatif)",
  contactEmail: "Votre adresse e-mail",
  addressOnly:
    "Votre adresse ne sert qu’à cette demande. La réponse sera sur sa page\u00a0: gardez son lien.",
  submit: "Envoyer",
  submitting: "Envoi…",
  errors: {
    "email.empty": "Indiquez votre adresse e-mail.",
    email: "Cette adresse ne semble pas complète, par exemple nom@exemple.fr.",
    "text.empty": "Écrivez-nous quelques mots.",
    text: "Il y a ici un caractère que nous ne pouvons pas enregistrer.",
    too_long: "C’est trop long.",
    category: "Choisissez un thème de la liste.",
  },
  checkField: "Merci de vérifier ce champ.",
  tooMany: (seconds) => `Trop de demandes. Merci de réessayer dans ${one(seconds, "seconde", "secondes")}.`,
  noAnswer: "Pas de connexion. Votre texte est gardé\u00a0; merci de réessayer.",
  unavailable: "La discussion n’est pas disponible ici.",

  number: (number) => `Demande n°\u00a0${number}`,
  answerHere: "La réponse arrivera ici et sur la page de votre demande.",
  copy: "Copier le lien",
  copied: "Lien copié",
  endedHint: "Vous pouvez encore répondre\u00a0: votre message rouvre la conversation.",
  newConversation: "Nouvelle conversation",
  endChat: "Terminer",

  connecting: "Connexion…",
  offline: "Connexion perdue. Vos messages seront envoyés dès que la connexion revient.",

  nowForm: "La discussion vient de fermer. Votre texte est gardé\u00a0: envoyez-le par le formulaire.",
  nowChat: "L’équipe est de retour\u00a0: vous pouvez discuter.",
  formSent: (number) => `Demande n°\u00a0${number} bien reçue.`,

  open: "Ouvrir la discussion",
  openWith: (count) => `Ouvrir la discussion, ${one(count, "message non lu", "messages non lus")}`,
  justNow: "à l’instant",

  events: {
    joined: ({ agent }) => `${agent} a rejoint la conversation`,
    handed_over: ({ from, to }) => `${from} a transmis la conversation à ${to}`,
    agent_gone: ({ agent }) => `${agent} a perdu la connexion. Quelqu’un d’autre prend le relais.`,
    agent_back: ({ agent }) => `${agent} est de retour`,
    became_ticket: () => "Votre message est devenu une demande écrite",
    reopened: () => "La conversation reprend",
    paused: () => "Conversation en pause",
    ended: ({ by, agent }) =>
      by === "visitor" ? "Vous avez terminé la conversation" : `${agent} a terminé la conversation`,
    status: ({ status }) => statuses[status ?? ""] ?? "",
    held: ({ due, reason }) =>
      `Votre demande prend plus de temps. Nous pensons pouvoir vous répondre le ${due}\u00a0; si cela change, nous vous le dirons.${reason ? ` ${reason}` : ""}`,
    hold_moved: ({ due, promised, reason }) =>
      `La date change\u00a0: ${due} au lieu de ${promised}.${reason ? ` ${reason}` : ""}`,
    promise_moved: ({ promised, due, notice }) =>
      `Nous vous avions promis une réponse avant le ${promised}, et nous ne l’avons pas tenue. Nous le regrettons. Vous aurez une réponse avant le ${due}.${notice === "2" ? " La personne responsable de l’équipe a été prévenue." : ""}`,
  },
};
