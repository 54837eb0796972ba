"""A large installation, inserted straight into the tables: many agents, a long queue, a full inbox."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import Connection, Table, insert, text

from chat.domain import seed
from chat.store.engines import Database
from chat.store.migrations import migrate
from chat.store.tables import agents, messages, offers, tickets, visitors
from chat.store.transaction import Transaction

# A Monday morning, inside the opening hours.
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CAPACITY = 4
MESSAGES_PER_TICKET = 4
# How long each assigned chat waited at the first position.
WAIT_S = 5
VOCABULARY = [
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


class DatabaseSize(NamedTuple):
    """How many agents (each with as many chats as their capacity), waiting chats and open tickets."""

    agents: int = 1_000
    waiting: int = 10_000
    open: int = 10_000

    @property
    def assigned(self) -> int:
        return self.agents * CAPACITY

    @property
    def tickets(self) -> int:
        return self.assigned + self.waiting + self.open


Values = Mapping[str, object]


def fill_database(url: str, size: DatabaseSize) -> None:
    """Create the schema and insert the rows. Ticket ids: first assigned chats, then waiting ones, then open tickets."""
    migrate(url)
    database = Database(url)
    with database.writes.begin() as sql:
        seed.seed(Transaction(sql), NOW)
        _insert(sql, agents, (_agent(n) for n in range(1, size.agents + 1)))
        _insert(sql, visitors, (_visitor(n) for n in range(1, size.tickets + 1)))
        _insert(sql, tickets, (_ticket(n, size) for n in range(1, size.tickets + 1)))
        _insert(sql, offers, (_offer(n, size) for n in range(1, size.assigned + 1)))
        random = Random(1)
        numbers = ((n, seq) for n in range(1, size.tickets + 1) for seq in range(1, MESSAGES_PER_TICKET + 1))
        _insert(sql, messages, (_message(n, seq, random) for n, seq in numbers))
    if not database.is_sqlite:
        _vacuum(database)
    database.close()


def _vacuum(database: Database) -> None:
    """Do what autovacuum does on a server that runs longer than a benchmark."""
    with database.writes.connect().execution_options(isolation_level="AUTOCOMMIT") as sql:
        sql.execute(text("VACUUM ANALYZE"))


def _insert(sql: Connection, table: Table, rows: Iterator[Values]) -> None:
    batch: list[Values] = []
    for row in rows:
        batch.append(row)
        if len(batch) == 5_000:
            sql.execute(insert(table), batch)
            batch = []
    if batch:
        sql.execute(insert(table), batch)


def _agent(n: int) -> Values:
    times = dict.fromkeys(("state_since", "idle_since", "created_at"), NOW - timedelta(hours=1, seconds=n % 97))
    names = {"id": n, "public_id": f"a_{n:08}", "email": f"agent{n}@example.test", "name": f"Agent {n}"}
    return names | times | {"role": "agent", "languages": [], "capacity": CAPACITY, "state": "available"}


def _visitor(n: int) -> Values:
    page = {"url": f"https://www.example.test/{n}", "title": "The shop", "referrer": ""}
    visitor = {"id": n, "public_id": f"v_{n:08}", "site_id": 1, "token_hash": token_hash(n), "page": page}
    return visitor | {"verified": False, "locale": "fr", "created_at": NOW}


def token_hash(n: int) -> str:
    """The token hash of visitor n."""
    return f"{n:064x}"


def _ticket(n: int, size: DatabaseSize) -> Values:
    if n <= size.assigned:
        assigned_at = _queued_at(n) + timedelta(seconds=WAIT_S)
        kind = _live(n) | {"assignee_id": (n - 1) % size.agents + 1, "assigned_at": assigned_at, "queue_position": 1}
    elif n <= size.assigned + size.waiting:
        kind = _live(n) | {"assignee_id": None, "assigned_at": None, "queue_position": n - size.assigned}
    else:
        due = NOW + timedelta(hours=1, seconds=n % 7919)
        kind = {"status": "open", "channel": "form", "visitor_state": "gone", "promise_due_at": due, "promised_at": NOW}
        kind |= {"queued_at": None, "assignee_id": None, "assigned_at": None, "queue_position": None}
    times = dict.fromkeys(("last_at", "created_at", "updated_at", "visitor_since", "unanswered_since"), NOW)
    names = {"id": n, "public_id": f"t_{n:08}", "site_id": 1, "visitor_id": n, "name": f"Visitor {n}"}
    rest = {"email": f"visitor{n}@example.test", "kind": "question", "locale": "fr"}
    counts = dict.fromkeys(("last_seq", "rev"), MESSAGES_PER_TICKET)
    return {"promise_due_at": None, "promised_at": None} | names | times | rest | counts | kind


def _live(n: int) -> dict[str, object]:
    return {"status": "live", "channel": "chat", "visitor_state": "here", "queued_at": _queued_at(n)}


def _queued_at(n: int) -> datetime:
    return NOW - timedelta(seconds=100, milliseconds=-n)


def _offer(n: int, size: DatabaseSize) -> Values:
    """The offer by which an assigned chat came to its agent."""
    times = dict.fromkeys(("made_at", "expires_at", "ended_at"), NOW)
    return {"ticket_id": n, "agent_id": (n - 1) % size.agents + 1, "rule": "fewest_chats", "outcome": "taken"} | times


def _message(n: int, seq: int, random: Random) -> Values:
    chosen: Sequence[str] = random.choices(VOCABULARY, k=14)
    keys = {"ticket_id": n, "seq": seq, "public_id": f"m_{n:08}_{seq}", "client_id": f"client-id-{n:08}-{seq}"}
    return keys | {"author": "visitor", "author_name": f"Visitor {n}", "text": " ".join(chosen), "at": NOW}
