"""The unfinished tickets that a node with agents follows, and which of them each check reads."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.queries import node_sync
from chat.domain.queries.node_sync import TicketRevision

# How much time a transaction may take from its `now` to COMMIT, and by how much another node's clock may lag. A change
# that is later still is found by the page that has its ticket.
OVERLAP = timedelta(seconds=5)


class InboxRevisions(NamedTuple):
    """What one check has read, in one snapshot: the tickets updated lately, whatever their status; one page of the
    unfinished, up to the key `last` (infinite on the last page); and those `missing` from that page, as far as they
    still exist."""

    updated: list[TicketRevision]
    page: list[TicketRevision]
    last: float
    missing: dict[str, int]
    found_missing: list[TicketRevision]


class FollowedInbox:
    """The unfinished tickets, as of the last checks.

    Each check reads what was updated since the check before the last one, so that it sees each update twice: at the
    second time, a card that was on its way must have come. It also reads one page of all unfinished tickets, which
    finds the changes that leave `updated_at` alone, and the tickets that left the inbox unnoticed.
    """

    def __init__(self, now: datetime) -> None:
        self._keys: dict[str, int] = {}
        self._after = 0
        self._previous_check = self._last_check = now

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._keys

    def add(self, revisions: Sequence[TicketRevision]) -> None:
        """These tickets are unfinished."""
        self._keys |= {revision.ticket: revision.key for revision in revisions}

    def read(self, sql: Connection, now: datetime) -> InboxRevisions:
        """The revisions that the check at this moment compares; changes nothing here. `now` may be earlier than the
        last check, because clocks can be set back."""
        page = node_sync.next_unfinished_revisions(sql, self._after)
        updated = node_sync.revisions_since(sql, min(self._previous_check, now) - OVERLAP)
        last = page[-1].key if len(page) >= node_sync.SYNC_PAGE_SIZE else math.inf
        seen = {revision.key for revision in (*page, *updated)}
        missing = {t: key for t, key in self._keys.items() if self._after < key <= last and key not in seen}
        found_missing = node_sync.ticket_revisions(sql, list(missing.values())) if missing else []
        return InboxRevisions(updated, page, last, missing, found_missing)

    def relevant(self, found: InboxRevisions) -> list[TicketRevision]:
        """The tickets that are in the inbox, and those that have just left it."""
        updated = [revision for revision in found.updated if not revision.is_finished or revision.ticket in self]
        return [*updated, *found.page, *found.found_missing]

    def finish_check(self, began: datetime, found: InboxRevisions) -> set[str]:
        """All that the check found has been delivered: go on to the next page. Returns the tickets that left."""
        unfinished = [revision for revision in (*found.updated, *found.page) if not revision.is_finished]
        left = {revision.ticket for revision in found.updated if revision.is_finished} & self._keys.keys()
        left |= found.missing.keys()
        for ticket in left:
            del self._keys[ticket]
        self.add(unfinished)
        self._after = 0 if found.last == math.inf else int(found.last)
        self._previous_check, self._last_check = self._last_check, began
        return left
