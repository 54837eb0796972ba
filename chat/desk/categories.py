"""Categories: what a request can be about, in the owner's order."""

from sqlalchemy import Connection, select

from chat.store.tables import categories


def names(sql: Connection) -> list[str]:
    """Their names as the wire has them; each language has its own words for the ones of a new install."""
    return list(sql.execute(select(categories.c.name).order_by(categories.c.position)).scalars())
