"""Categories: what a request can be about, in the owner's order."""

from sqlalchemy import Connection, select

from chat.domain.refusals import BadRequest
from chat.domain.text import strip_nul
from chat.store.tables import categories


def category_names(sql: Connection) -> list[str]:
    """Their names as the wire has them; each language has its own words for the ones of a new install."""
    return list(sql.execute(select(categories.c.name).order_by(categories.c.position)).scalars())


def require_category(sql: Connection, category: str | None) -> str | None:
    """The category; BadRequest when there is none of this name."""
    named = categories.c.name == strip_nul(category or "")
    if category and sql.execute(select(categories.c.name).where(named)).first() is None:
        raise BadRequest("no such category", field="category")
    return category or None
