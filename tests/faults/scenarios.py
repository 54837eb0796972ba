"""The book of faults: each scenario by its name, where it plays, and how many seeds a short run gives it."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from tests.faults.scenario_run import Scene

Where = Literal["shop", "town", "hall"]
Act = Callable[[Scene], Awaitable[None]]


class Fault(NamedTuple):
    """A scenario. `expected` are the log lines that it explains; a quick one is played with ten seeds everywhere."""

    name: str
    what: str
    where: Where
    act: Act
    quick: bool
    expected: tuple[str, ...]
    full_only: bool


BOOK: dict[str, Fault] = {}


def fault(
    where: Where, *, quick: bool = False, expected: tuple[str, ...] = (), full_only: bool = False
) -> Callable[[Act], Act]:
    """Enters a scenario into the book, under its function's name and the first line of its docstring."""

    def enter(act: Act) -> Act:
        name = act.__name__
        told = (act.__doc__ or "").split("\n")[0].strip()
        BOOK[name] = Fault(name, told, where, act, quick, expected, full_only)
        return act

    return enter
