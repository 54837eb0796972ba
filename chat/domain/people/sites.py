"""Sites: which websites may embed the widget."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.refusals import BadRequest
from chat.domain.text import strip_nul
from chat.store.rows import SiteRow
from chat.store.tables import sites
from chat.store.transaction import Transaction

_COLUMNS = [sites.c[name] for name in SiteRow.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class SiteEdit:
    """New values for a site's columns; None leaves a column as it is."""

    name: str | None = None
    origins: Sequence[str] | None = None
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
    """Change what `edit` names of a site, or create the site. BadRequest names the field that a new site lacks."""
    values: dict[str, object] = {name: value for name, value in asdict(edit).items() if value is not None}
    if site_by_key(tx.sql, key) is None:
        _require_name_and_origins(edit)
        tx.sql.execute(insert(sites).values(key=key, created_at=now, **values))
    elif values:
        tx.sql.execute(update(sites).where(sites.c.key == key).values(**values))
    tx.record(SettingsChanged())


def _require_name_and_origins(edit: SiteEdit) -> None:
    for field, value in (("name", edit.name), ("origins", edit.origins)):
        if not value:
            raise BadRequest(f"a new site needs {field}", field=field)
