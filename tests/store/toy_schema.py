"""The notebook's one table and its verbs."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, insert, select

from chat.store.transaction import Transaction

notebook = MetaData()
lines = Table(
    "lines",
    notebook,
    Column("id", Integer, primary_key=True),
    Column("author", String(20), nullable=False),
    Column("text", String, nullable=False, unique=True),
)


class Illegible(Exception):
    """Refused by a verb."""


def write(tx: Transaction, author: str, text: str) -> str:
    """The same line again is the first one: a verb may be run twice."""
    if tx.sql.scalar(select(lines.c.id).where(lines.c.text == text)) is None:
        tx.sql.execute(insert(lines).values(author=author, text=text))
        tx.record(text)
    return text


def scribble(tx: Transaction, author: str, text: str) -> str:
    """Writes, tells, and then fails."""
    write(tx, author, text)
    raise Illegible(text)


def write_all(store: Sequence[Transaction], texts: Sequence[str]) -> list[str | Exception]:
    """The batch verb: empty texts are refused, the text "raise" makes the whole batch raise."""
    if "raise" in texts:
        raise Illegible("raise")
    answers: list[str | Exception] = []
    for tx, text in zip(store, texts, strict=True):
        answers.append(write(tx, "Vic", text) if text else Illegible("empty"))
    return answers


def written(sql: Connection) -> list[str]:
    """Every line, in order."""
    return list(sql.scalars(select(lines.c.text).order_by(lines.c.id)))


def count(sql: Connection) -> int:
    """How many lines there are."""
    return sql.scalars(select(func.count()).select_from(lines)).one()


def no_reaction(tx: Transaction, fact: object) -> None:
    """What a Store calls for each fact when nothing reacts."""
