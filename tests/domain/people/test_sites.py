"""Sites: created with a name and origins, changed column by column."""

import pytest

from chat.domain.people.sites import SiteEdit, set_site, site_by_key
from chat.domain.refusals import BadRequest
from chat.store.rows import SiteRow
from tests.domain.domain_driver import DomainDriver

SHOP = SiteEdit("Shop", ["https://shop.test"], "a secret", "#aa3300")


async def shop(driver: DomainDriver) -> SiteRow:
    site = await driver.read(site_by_key, "shop")
    assert site
    return site


async def test_an_edit_changes_only_the_columns_it_names(driver: DomainDriver) -> None:
    await driver.run(set_site, "shop", SHOP, driver.now)
    before = await shop(driver)
    assert (before.name, before.origins, before.secret, before.color) == (
        "Shop",
        ["https://shop.test"],
        "a secret",
        "#aa3300",
    )
    await driver.run(set_site, "shop", SiteEdit(name="The shop"), driver.now)
    after = await shop(driver)
    assert (after.name, after.origins, after.secret, after.color) == (
        "The shop",
        before.origins,
        before.secret,
        before.color,
    )
    await driver.run(set_site, "shop", SiteEdit(origins=["https://new.test"]), driver.now)
    assert ((await shop(driver)).name, (await shop(driver)).origins) == ("The shop", ["https://new.test"])


async def test_an_edit_that_names_nothing_changes_nothing(driver: DomainDriver) -> None:
    await driver.run(set_site, "shop", SHOP, driver.now)
    before = await shop(driver)
    await driver.run(set_site, "shop", SiteEdit(), driver.now)
    assert await shop(driver) == before


@pytest.mark.parametrize(
    ("edit", "missing"),
    [(SiteEdit(origins=["https://shop.test"]), "name"), (SiteEdit("Shop"), "origins"), (SiteEdit(), "name")],
)
async def test_a_new_site_needs_a_name_and_origins(driver: DomainDriver, edit: SiteEdit, missing: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await driver.run(set_site, "shop", edit, driver.now)
    assert refused.value.field == missing
    assert await driver.read(site_by_key, "shop") is None
