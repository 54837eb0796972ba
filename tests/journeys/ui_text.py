"""What the screens say, in the two languages of the walks: only what somebody has to find there."""

from typing import NamedTuple


class Words(NamedTuple):
    """Names of fields, buttons and parts, as people see them."""

    # the widget
    address: str
    send: str
    here: str
    copy: str
    # the console
    login: str
    password: str
    sign_in: str
    presence: str
    available: str
    away: str
    rings: str
    take: str
    note: str
    keep_note: str
    end: str
    hand_over: str
    hand_over_note: str
    why: str
    results: str
    mine: str
    open: str
    details: str


FR = Words(
    address="Votre adresse e-mail",
    send="Envoyer",
    here="L’équipe est là",
    copy="Copier le lien de votre demande",
    login="Adresse e-mail",
    password="Mot de passe",
    sign_in="Se connecter",
    presence="Votre disponibilité",
    available="Disponible",
    away="Absence",
    rings="Une conversation sonne",
    take="Prendre",
    note="Note interne",
    keep_note="Noter",
    end="Terminer",
    hand_over="Transmettre",
    hand_over_note="Note pour la suite (facultatif)",
    why="pourquoi ?",
    results="Résultats",
    mine="Les miennes",
    open="À répondre",
    details="Fiche",
)
EN = Words(
    address="Your e-mail address",
    send="Send",
    here="The team is here",
    copy="Copy the link to your request",
    login="E-mail address",
    password="Password",
    sign_in="Sign in",
    presence="Your availability",
    available="Available",
    away="Away",
    rings="A conversation rings",
    take="Take",
    note="Internal note",
    keep_note="Keep note",
    end="End",
    hand_over="Hand over",
    hand_over_note="Note for what comes next (optional)",
    why="why?",
    results="Results",
    mine="Mine",
    open="To answer",
    details="Details",
)
