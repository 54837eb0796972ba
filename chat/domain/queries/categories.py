"""Categories: what a ticket can be about, in the order that the owner chose."""

from sqlalchemy import Connection, select

from chat.domain.refusals import BadRequest
from chat.domain.text import strip_nul
from chat.store.tables import categories


def category_names(sql: Connection) -> list[str]:
    """Their names as the wire has them; the front ends translate those of a new install."""
    return list(sql.execute(select(categories.c.name).order_by(categories.c.position)).scalars())


def require_category(sql: Connection, category: str | None) -> str | None:
    """The category, None for none. Raises BadRequest when no category has this name."""
    same_name = categories.c.name == strip_nul(category or "")
    if category and sql.execute(select(categories.c.name).where(same_name)).first() is None:
        raise BadRequest("no such category", field="category")
    return category or None
