"""The data of a new install: one site for localhost, and the categories of the policy."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from chat.domain.people.sites import SiteEdit, set_site
from chat.store.tables import categories, sites
from chat.store.transaction import Transaction

DEMO_SITE_KEY = "demo"
# Name and kind, in the order in which the form offers them.
CATEGORIES = (
    ("technical", "question"),
    ("payments", "question"),
    ("account", "question"),
    ("affiliation", "question"),
    ("general", "question"),
    ("dispute", "dispute"),
    ("suggestion", "suggestion"),
)


def seed(tx: Transaction, now: datetime) -> None:
    """Insert what is missing. A second call, also by another node, inserts nothing."""
    if not _has_site(tx.sql):
        set_site(tx, DEMO_SITE_KEY, SiteEdit("Demo", ["localhost"]), now)
    existing = set(tx.sql.execute(select(categories.c.name)).scalars())
    for position, (name, kind) in enumerate(CATEGORIES):
        if name not in existing:
            tx.sql.execute(insert(categories).values(name=name, kind=kind, position=position))


def _has_site(sql: Connection) -> bool:
    return sql.execute(select(func.count()).select_from(sites)).scalar_one() > 0
