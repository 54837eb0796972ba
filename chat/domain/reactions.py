"""Reactions: what else must happen in the same transaction when a fact is recorded, such as a mail owed."""

from collections.abc import Callable, Mapping
from typing import Any

from chat.domain.facts import Fact, MessagePosted, TicketChanged
from chat.domain.promises.actions import follow_ticket
from chat.store.transaction import Transaction

# A reaction gets facts of its key's type only. It may write and record facts, and may run twice, like an action; what
# it raises fails the call that recorded the fact.
Reaction = Callable[[Transaction, Any], None]
# PlainMessagePosted can't be a key: the fast path does nothing else. A message that needs a reaction takes the slow
# path, which records MessagePosted.
Reactions = Mapping[type[Fact], tuple[Reaction, ...]]

REACTIONS: Reactions = {
    TicketChanged: (follow_ticket,),
    MessagePosted: (follow_ticket,),
}


def react(tx: Transaction, fact: object) -> None:
    """Run the reactions to a fact, in the order in which they are listed. The store calls this before COMMIT."""
    reactions = REACTIONS.get(type(fact))  # type: ignore[arg-type]  # any fact may be looked up
    if reactions:
        for reaction in reactions:
            reaction(tx, fact)
        tx.writer.invalidate()  # a reaction may have changed any ticket
