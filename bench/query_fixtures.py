"""A desk at size, written straight into the tables: a big team, a long queue, a full inbox."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import Connection, Table, insert, text

from chat.desk import install
from chat.store.engine import Database
from chat.store.migrations import migrate
from chat.store.tables import agents, messages, offers, tickets, visitors
from chat.store.works import Work

# A Monday morning: the desk is open.
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CAPACITY = 4
LINES = 4
WORDS = [
    "bonjour",
    "le",
    "colis",
    "commande",
    "retard",
    "livraison",
    "facture",
    "compte",
    "adresse",
    "paiement",
    "carte",
    "refus",
    "merci",
    "delai",
    "point",
    "relais",
    "numero",
    "suivi",
    "erreur",
    "page",
    "mot",
    "passe",
    "remboursement",
    "produit",
    "taille",
    "couleur",
    "echange",
    "retour",
    "code",
    "promo",
    "panier",
]


class Size(NamedTuple):
    """How many agents, all of them full, chats that wait and tickets that are open."""

    agents: int = 1_000
    waiting: int = 10_000
    open: int = 10_000

    @property
    def taken(self) -> int:
        return self.agents * CAPACITY

    @property
    def tickets(self) -> int:
        return self.taken + self.waiting + self.open


Row = Mapping[str, object]


def fill(url: str, size: Size) -> None:
    """Make the schema and write the crowd: tickets come taken first, then waiting, then open."""
    migrate(url)
    database = Database(url)
    with database.writes.begin() as sql:
        install.seed(Work(sql), NOW)
        _insert(sql, agents, (_agent(n) for n in range(1, size.agents + 1)))
        _insert(sql, visitors, (_visitor(n) for n in range(1, size.tickets + 1)))
        _insert(sql, tickets, (_ticket(n, size) for n in range(1, size.tickets + 1)))
        _insert(sql, offers, (_offer(n, size) for n in range(1, size.taken + 1)))
        said = Random(1)
        _insert(sql, messages, (_line(n, seq, said) for n in range(1, size.tickets + 1) for seq in range(1, LINES + 1)))
    if not database.is_sqlite:
        _as_after_a_while(database)
    database.close()


def _as_after_a_while(database: Database) -> None:
    """What autovacuum does on a server that lives longer than a benchmark."""
    with database.writes.connect().execution_options(isolation_level="AUTOCOMMIT") as sql:
        sql.execute(text("VACUUM ANALYZE"))


def _insert(sql: Connection, table: Table, rows: Iterator[Row]) -> None:
    portion: list[Row] = []
    for row in rows:
        portion.append(row)
        if len(portion) == 5_000:
            sql.execute(insert(table), portion)
            portion = []
    if portion:
        sql.execute(insert(table), portion)


def _agent(n: int) -> Row:
    times = dict.fromkeys(("state_since", "idle_since", "created_at"), NOW - timedelta(hours=1, seconds=n % 97))
    names = {"id": n, "public_id": f"a_{n:08}", "email": f"agent{n}@example.test", "name": f"Agent {n}"}
    return names | times | {"role": "agent", "languages": [], "capacity": CAPACITY, "state": "available"}


def _visitor(n: int) -> Row:
    page = {"url": f"https://www.example.test/{n}", "title": "The shop", "referrer": ""}
    who = {"id": n, "public_id": f"v_{n:08}", "site_id": 1, "token_hash": token_hash(n), "page": page}
    return who | {"verified": False, "locale": "fr", "created_at": NOW}


def token_hash(n: int) -> str:
    """By which visitor n is known."""
    return f"{n:064x}"


def _ticket(n: int, size: Size) -> Row:
    if n <= size.taken:
        kind = _live(n) | {"assignee_id": (n - 1) % size.agents + 1, "taken_at": NOW, "queue_place": 1}
    elif n <= size.taken + size.waiting:
        kind = _live(n) | {"assignee_id": None, "taken_at": None, "queue_place": n - size.taken}
    else:
        due = NOW + timedelta(hours=1, seconds=n % 7919)
        kind = {"status": "open", "channel": "form", "visitor_state": "gone", "due": due, "promised_at": NOW}
        kind |= {"queued_at": None, "assignee_id": None, "taken_at": None, "queue_place": None}
    times = dict.fromkeys(("last_at", "created_at", "updated_at", "visitor_since", "waiting_since"), NOW)
    names = {"id": n, "public_id": f"t_{n:08}", "site_id": 1, "visitor_id": n, "name": f"Visitor {n}"}
    rest = {"email": f"visitor{n}@example.test", "kind": "question", "locale": "fr", "last_seq": LINES, "rev": LINES}
    return {"due": None, "promised_at": None} | names | times | rest | kind


def _live(n: int) -> dict[str, object]:
    queued_at = NOW - timedelta(seconds=100, milliseconds=-n)
    return {"status": "live", "channel": "chat", "visitor_state": "here", "queued_at": queued_at}


def _offer(n: int, size: Size) -> Row:
    """By which a chat that is taken came to its agent."""
    times = dict.fromkeys(("made_at", "expires_at", "ended_at"), NOW)
    return {"ticket_id": n, "agent_id": (n - 1) % size.agents + 1, "rule": "fewest_chats", "outcome": "taken"} | times


def _line(n: int, seq: int, random: Random) -> Row:
    words: Sequence[str] = random.choices(WORDS, k=14)
    said = {"ticket_id": n, "seq": seq, "public_id": f"m_{n:08}_{seq}", "client_id": f"client-id-{n:08}-{seq}"}
    return said | {"author": "visitor", "author_name": f"Visitor {n}", "text": " ".join(words), "at": NOW}
