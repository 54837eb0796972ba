"""Texts of the user interface in the two languages of the screen tour: only those that the tests look for."""

from typing import NamedTuple


class UiText(NamedTuple):
    """Labels of fields, buttons and regions, as users see them."""

    # the widget
    email: str
    send: str
    team_online: str
    copy_link: str
    # the console
    login_email: str
    password: str
    sign_in: str
    presence: str
    available: str
    away: str
    ringing: str
    accept: str
    note: str
    save_note: str
    end: str
    hand_over: str
    hand_over_note: str
    explain: str
    results: str
    mine: str
    ended: str
    unanswered: str
    details: str


FR = UiText(
    email="Votre adresse e-mail",
    send="Envoyer",
    team_online="En ligne",
    copy_link="Copier le lien",
    login_email="Adresse e-mail",
    password="Mot de passe",
    sign_in="Se connecter",
    presence="Votre disponibilité",
    available="Disponible",
    away="Indisponible",
    ringing="Une conversation sonne",
    accept="Prendre",
    note="Note interne",
    save_note="Ajouter la note",
    end="Terminer",
    hand_over="Transmettre",
    hand_over_note="Note pour la suite (facultatif)",
    explain="pourquoi ?",
    results="Résultats",
    mine="Les miennes",
    ended="Terminées",
    unanswered="À répondre",
    details="Fiche",
)
EN = UiText(
    email="Your e-mail address",
    send="Send",
    team_online="Online",
    copy_link="Copy the link",
    login_email="E-mail address",
    password="Password",
    sign_in="Sign in",
    presence="Your availability",
    available="Available",
    away="Away",
    ringing="New conversation",
    accept="Accept",
    note="Internal note",
    save_note="Add note",
    end="End",
    hand_over="Hand over",
    hand_over_note="Note for what comes next (optional)",
    explain="why?",
    results="Results",
    mine="Mine",
    ended="Ended",
    unanswered="Needs reply",
    details="Details",
)
