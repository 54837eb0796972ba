"""What is due: the worker's one question of each second, before it takes the writer's time."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.desk import offers, waits
from chat.desk.changes import Pauses, Situation


class Due(NamedTuple):
    """Whether an offer has rung for too long, anybody waits, an agent has left chats behind, a wait grows long."""

    overdue: bool
    waits: bool
    absent: bool
    long_wait: bool


def look(sql: Connection, situation: Situation, sure: Situation, pauses: Pauses) -> Due:
    """`sure` names who is there only while absence may be concluded from it (DESIGN, Presence)."""
    return Due(
        offers.any_overdue(sql, situation.now),
        waits.anybody_waits(sql),
        waits.anybody_absent(sql, sure),
        waits.any_long_wait(sql, sure, pauses),
    )
