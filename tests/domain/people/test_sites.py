"""Sites: created with a name and origins, changed column by column."""

import pytest

from chat.domain.people.sites import SiteEdit, set_site, site_by_key
from chat.domain.refusals import BadRequest
from chat.store.rows import SiteRow
from tests.domain.domain_driver import Desk

SHOP = SiteEdit("Shop", ["https://shop.test"], "a secret", "#aa3300")


async def shop(desk: Desk) -> SiteRow:
    site = await desk.read(site_by_key, "shop")
    assert site
    return site


async def test_an_edit_changes_only_the_columns_it_names(desk: Desk) -> None:
    await desk.run(set_site, "shop", SHOP, desk.now)
    before = await shop(desk)
    assert (before.name, before.origins, before.secret, before.color) == (
        "Shop",
        ["https://shop.test"],
        "a secret",
        "#aa3300",
    )
    await desk.run(set_site, "shop", SiteEdit(name="The shop"), desk.now)
    after = await shop(desk)
    assert (after.name, after.origins, after.secret, after.color) == (
        "The shop",
        before.origins,
        before.secret,
        before.color,
    )
    await desk.run(set_site, "shop", SiteEdit(origins=["https://new.test"]), desk.now)
    assert ((await shop(desk)).name, (await shop(desk)).origins) == ("The shop", ["https://new.test"])


async def test_an_edit_that_names_nothing_changes_nothing(desk: Desk) -> None:
    await desk.run(set_site, "shop", SHOP, desk.now)
    before = await shop(desk)
    await desk.run(set_site, "shop", SiteEdit(), desk.now)
    assert await shop(desk) == before


@pytest.mark.parametrize(
    ("edit", "missing"),
    [(SiteEdit(origins=["https://shop.test"]), "name"), (SiteEdit("Shop"), "origins"), (SiteEdit(), "name")],
)
async def test_a_new_site_needs_a_name_and_origins(desk: Desk, edit: SiteEdit, missing: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await desk.run(set_site, "shop", edit, desk.now)
    assert refused.value.field == missing
    assert await desk.read(site_by_key, "shop") is None
