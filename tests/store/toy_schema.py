"""A toy schema with one table, its actions and its queries."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, insert, select

from chat.store.transaction import Transaction

toy_metadata = MetaData()
entries = Table(
    "entries",
    toy_metadata,
    Column("id", Integer, primary_key=True),
    Column("author", String(20), nullable=False),
    Column("text", String, nullable=False, unique=True),
)


class ToyRefusal(Exception):
    """An action refuses."""


def add_entry(tx: Transaction, author: str, text: str) -> str:
    """Add an entry once: an action may run twice."""
    if tx.sql.scalar(select(entries.c.id).where(entries.c.text == text)) is None:
        tx.sql.execute(insert(entries).values(author=author, text=text))
        tx.record(text)
    return text


def add_entry_and_raise(tx: Transaction, author: str, text: str) -> str:
    """Write, record a fact, and raise."""
    add_entry(tx, author, text)
    raise ToyRefusal(text)


def add_entries(store: Sequence[Transaction], texts: Sequence[str]) -> list[str | Exception]:
    """The batch action: empty texts are refused, the text "raise" makes the whole batch raise."""
    if "raise" in texts:
        raise ToyRefusal("raise")
    answers: list[str | Exception] = []
    for tx, text in zip(store, texts, strict=True):
        answers.append(add_entry(tx, "Vic", text) if text else ToyRefusal("empty"))
    return answers


def entry_texts(sql: Connection) -> list[str]:
    """All texts, in order."""
    return list(sql.scalars(select(entries.c.text).order_by(entries.c.id)))


def count_entries(sql: Connection) -> int:
    """How many entries there are."""
    return sql.scalars(select(func.count()).select_from(entries)).one()


def no_reaction(tx: Transaction, fact: object) -> None:
    """What a Store calls for each fact when nothing reacts."""
