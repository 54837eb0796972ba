/** French names of statuses, categories, events, rules and refusals. */
import type {
  Channel,
  ErrorCode,
  EventName,
  ExclusionReason,
  RoutingRule,
  Status,
} from "../../client/protocol/vocabulary";

export const statuses: Record<Status, string> = {
  live: "En direct",
  open: "À répondre",
  pending: "En attente de sa réponse",
  on_hold: "En cours d’examen",
  solved: "Résolue",
  closed: "Fermée",
};

export const categories = {
  technical: "Problème technique",
  payments: "Paiements",
  account: "Compte",
  affiliation: "Affiliation",
  general: "Informations",
  dispute: "Litige",
  suggestion: "Suggestion",
} as Record<string, string>;

export const channels: Record<Channel, string> = {
  chat: "chat",
  form: "formulaire",
  email: "e-mail",
  api: "application",
};

export const events: Record<EventName, (args: Record<string, string>) => string> = {
  joined: ({ agent = "" }) => `Attribuée à ${agent}`,
  handed_over: ({ from = "", to = "" }) => `Transmise par ${from} à ${to}`,
  agent_gone: ({ agent = "" }) => `${agent} n’est plus en ligne\u00a0: retour dans la file`,
  agent_back: ({ agent = "" }) => `${agent} est de retour et reprend`,
  ended: ({ agent = "" }) => (agent ? `Terminée par ${agent}` : "Terminée depuis le site"),
  reopened: () => "Rouverte par un nouveau message",
  became_ticket: () =>
    "Personne n’a pu répondre à temps\u00a0: c’est devenu une demande écrite, avec une date promise",
  paused: () => "Mise en pause après une heure de silence",
  status: ({ status = "" }) => `Statut\u00a0: ${statuses[status as Status] ?? status}`,
  promise_moved: ({ promised = "", due = "" }) =>
    `La réponse promise avant le ${promised} n’est pas partie à temps. Nouvelle date annoncée\u00a0: ${due}`,
  held: ({ due = "", reason = "" }) =>
    `En cours d’examen, réponse attendue le ${due}${reason && `\u00a0: ${reason}`}`,
  hold_moved: ({ due = "", promised = "", reason = "" }) =>
    `Réponse attendue le ${due} au lieu du ${promised}${reason && `\u00a0: ${reason}`}`,
};

export const rules: Record<RoutingRule, string> = {
  knew_visitor: "connaît déjà cette personne",
  only_one: "personne d’autre n’est libre",
  fewest_chats: "moins de conversations",
  longest_idle: "libre depuis plus longtemps",
  all_alike: "charge égale",
  nobody: "personne de libre",
  handed_over: "transmise",
};

export const excluded: Record<ExclusionReason, string> = {
  away: "indisponible",
  department: "autre service",
  passed: "ne l’a pas acceptée",
  full: "aucune place libre",
};

export const refusals: Record<ErrorCode | "unanswered", string> = {
  bad_request: "Le serveur n’a pas compris la demande.",
  not_found: "Cette conversation n’existe pas, ou plus.",
  not_allowed: "Vous n’avez pas le droit de faire cela.",
  form_instead: "Ce n’est pas possible pour le moment.",
  ticket_ended: "Cette conversation est fermée.",
  conflict: "Ce n’est plus possible\u00a0: quelque chose a changé entre-temps.",
  empty: "Il n’y a rien à envoyer.",
  too_long: "Le texte est trop long (4\u202f000 caractères au plus).",
  too_many: "Trop de demandes à la fois.",
  unavailable: "Le serveur est occupé. Réessayez dans un instant.",
  unanswered: "Le serveur n’a pas répondu. Réessayez dans un instant.",
};
