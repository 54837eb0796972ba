"""An agent in a hurry: what moves under the pointer is not what was meant."""

from playwright.async_api import Locator, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Agent


async def twice(button: Locator) -> None:
    """As a hand does that is used to folders on a desktop: the second click goes to what is there by then."""
    box = await button.bounding_box()
    assert box
    await button.page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, delay=20)


async def ringing(stage: Stage, town: Town, count: int) -> Agent:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    for number in range(count):
        vic = await stage.visitor()
        await vic.opens()
        await vic.says(f"Bonjour {number}")
        await expect(ada.ringing).to_have_count(number + 1)
    return ada


async def test_a_double_click_takes_one_and_ends_one(stage: Stage, town: Town) -> None:
    ada = await ringing(stage, town, 3)
    for left in (2, 1):
        await twice(ada.ringing.last.get_by_role("button", name="Prendre"))
        await expect(ada.log).to_be_visible()
        await expect(ada.ringing).to_have_count(left)
    await expect(ada.rows("Les miennes")).to_have_count(2)
    await expect(ada.rows("En attente")).to_have_count(1)

    await twice(ada.button("Terminer"))
    await expect(ada.notices.get_by_role("button", name="Annuler")).to_have_count(1)
    await expect(ada.page.locator(".thread__acts").get_by_role("button", name="Annuler")).to_be_visible()


async def test_a_key_that_is_held_takes_one(stage: Stage, town: Town) -> None:
    ada = await ringing(stage, town, 2)
    await ada.page.get_by_role("heading", name="Conversations").click()
    for _ in range(3):
        await ada.page.keyboard.down("a")
    await ada.page.keyboard.up("a")
    await expect(ada.ringing).to_have_count(1)
    await expect(ada.rows("Les miennes")).to_have_count(1)


async def test_a_letter_typed_in_a_menu_ends_nothing(stage: Stage, town: Town) -> None:
    ada = await ringing(stage, town, 1)
    await ada.accepts()
    await ada.page.get_by_role("button", name="Changer de statut").click()
    first = ada.page.get_by_role("menuitem").first
    await expect(first).to_be_focused()
    await ada.page.keyboard.press("e")
    await ada.page.keyboard.press("Escape")
    await expect(first).to_have_count(0)
    await expect(ada.button("Terminer")).to_be_visible()
    # The net can catch: out of the menu the letter does end it.
    await ada.page.keyboard.press("e")
    await expect(ada.button("Terminer")).to_have_count(0)
