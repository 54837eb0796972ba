"""Sites: which websites may embed the widget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.text import strip_nul
from chat.store.rows import SiteRow
from chat.store.tables import sites
from chat.store.transaction import Transaction

_COLUMNS = [sites.c[name] for name in SiteRow.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class SiteEdit:
    """What `site set` says; `secret` None leaves it as it was."""

    name: str
    origins: Sequence[str]
    secret: str | None = None
    color: str | None = None


def site_by_key(sql: Connection, key: str) -> SiteRow | None:
    """The site with this key, or None."""
    row = sql.execute(select(*_COLUMNS).where(sites.c.key == strip_nul(key))).first()
    return None if row is None else SiteRow(*row)


def all_sites(sql: Connection) -> list[SiteRow]:
    """Every site, the oldest first."""
    return [SiteRow(*row) for row in sql.execute(select(*_COLUMNS).order_by(sites.c.id)).all()]


def set_site(tx: Transaction, key: str, edit: SiteEdit, now: datetime) -> None:
    """Make or change a site."""
    values = {"name": edit.name, "origins": list(edit.origins), "color": edit.color}
    values |= {"secret": edit.secret} if edit.secret is not None else {}
    if not tx.sql.execute(update(sites).where(sites.c.key == key).values(**values)).rowcount:
        tx.sql.execute(insert(sites).values(key=key, created_at=now, **values))
    tx.record(SettingsChanged())
