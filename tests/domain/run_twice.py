"""Runs an action, rolls it back and runs it again, as the Store may do."""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.refusals import Refused
from chat.store.rows import MessageRow
from chat.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")


def run_twice(action: Callable[Concatenate[Transaction, P], T]) -> Callable[Concatenate[Transaction, P], T]:
    """An action that runs, is rolled back and runs again, as the Store may do; both runs must have the same outcome."""

    def both(tx: Transaction, /, *args: P.args, **kwargs: P.kwargs) -> T:
        first = Transaction(tx.sql, tx.origin)
        savepoint = tx.sql.begin_nested()
        once = outcome(lambda: action(first, *args, **kwargs))
        savepoint.rollback()
        twice = outcome(lambda: action(tx, *args, **kwargs))
        assert type(once) is type(twice) and kinds(first) == kinds(tx)
        if isinstance(twice, Refused):
            raise twice
        return twice

    return both


def outcome(act: Callable[[], T]) -> T | Refused:
    try:
        return act()
    except Refused as refused:
        return refused


def kinds(tx: Transaction) -> list[type]:
    return [type(recorded.fact) for recorded in tx.facts]


def post_twice(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """`post_batch` that runs, is rolled back and runs again."""
    savepoint = store[0].sql.begin_nested()
    once = post_batch([Transaction(tx.sql) for tx in store], posts)
    savepoint.rollback()
    twice = post_batch(store, posts)
    assert list(map(type, once)) == list(map(type, twice))
    return twice
