"""Departments: parts of the team that categories go to."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.refusals import BadRequest, Conflict, NotFound
from chat.domain.text import clean_name
from chat.store.tables import categories, departments, new_id
from chat.store.transaction import Transaction


def add_department(tx: Transaction, name: str, category_names: Sequence[str] = ()) -> str:
    """Add a department, to which these categories go from now on; returns its public id. BadRequest without a name;
    Conflict when the name is in use; NotFound for an unknown category."""
    cleaned = clean_name(name)
    if cleaned is None:
        raise BadRequest("a name is needed", field="name")
    if tx.sql.execute(select(departments.c.id).where(departments.c.name == cleaned)).first():
        raise Conflict("there is a department of this name")
    public_id = new_id("d")
    new = insert(departments).values(public_id=public_id, name=cleaned).returning(departments.c.id)
    key = tx.sql.execute(new).scalar_one()
    for category in category_names:
        moved = update(categories).where(categories.c.name == category).values(department_id=key)
        if not tx.sql.execute(moved).rowcount:
            raise NotFound(f"category {category}")
    tx.record(SettingsChanged())
    return public_id
