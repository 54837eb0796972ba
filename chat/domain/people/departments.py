"""Departments: the parts of the team that categories go to."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.refusals import BadRequest, Conflict, NotFound
from chat.domain.text import clean_name
from chat.store.tables import categories, departments, new_id
from chat.store.transaction import Transaction


def add_department(tx: Transaction, name: str, its_categories: Sequence[str] = ()) -> str:
    """Add a department that these categories go to from now on; its public id. Conflict when there is one of this
    name, NotFound for a category that is none."""
    cleaned = clean_name(name)
    if cleaned is None:
        raise BadRequest("a name is needed", field="name")
    if tx.sql.execute(select(departments.c.id).where(departments.c.name == cleaned)).first():
        raise Conflict("there is a department of this name")
    public_id = new_id("d")
    new = insert(departments).values(public_id=public_id, name=cleaned).returning(departments.c.id)
    key = tx.sql.execute(new).scalar_one()
    for category in its_categories:
        goes = update(categories).where(categories.c.name == category).values(department_id=key)
        if not tx.sql.execute(goes).rowcount:
            raise NotFound(f"category {category}")
    tx.record(SettingsChanged())
    return public_id
