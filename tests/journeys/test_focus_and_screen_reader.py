"""What a keyboard holds and a screen reader hears while the panel changes under them."""

import asyncio

from playwright.async_api import Route, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor


async def test_a_button_that_is_gone_leaves_the_focus_in_the_panel(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Bonjour")
    await expect(ada.ringing).to_have_count(1)
    await ada.accepts()
    end = vic.button("Terminer")
    await end.focus()
    await vic.page.keyboard.press("Enter")
    await expect(end).to_have_count(0)
    await expect(vic.frame.locator(".panel")).to_be_focused()
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_be_focused()


async def test_what_will_be_announced_has_its_place_from_the_start(stage: Stage) -> None:
    """A screen reader reads what changes in a region that it knows; one that appears with its words is not read."""
    vic = await stage.visitor()
    await vic.opens()
    regions = vic.frame.locator("[role=status]")
    shown = await regions.evaluate_all("all => all.map(one => getComputedStyle(one).display !== 'none')")
    assert shown == [True, True, True]


class Held:
    """What the network has not brought yet, until it may."""

    def __init__(self) -> None:
        self._free = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self._free.wait()
        await route.continue_()

    def comes(self) -> None:
        self._free.set()


async def words_go_into_the_text(vic: Visitor) -> None:
    await expect(vic.text).to_be_focused()
    await vic.page.keyboard.type("Une ligne")
    await expect(vic.text).to_have_value("Une ligne")


async def opened_without_frame(vic: Visitor) -> Held:
    """By keys, when nothing of it has come but the loader."""
    frame = Held()
    await vic.context.route("**/widget/frame*", frame)
    await vic.launcher.focus()
    await vic.page.keyboard.press("Enter")
    await expect(vic.page.get_by_role("dialog")).to_be_focused()
    return frame


async def test_opened_by_keys_before_the_frame_is_there(stage: Stage) -> None:
    """A frame that holds the focus while its document comes may keep it for itself and the keys on the page."""
    vic = await stage.visitor()
    frame = await opened_without_frame(vic)
    await vic.page.evaluate("globalThis.pressed = 0; addEventListener('keydown', () => pressed++)")
    # Quick fingers neither shut what they have just opened nor find a shortcut of the page.
    await vic.page.keyboard.press("Space")
    await vic.page.keyboard.press("j")
    assert await vic.page.evaluate("pressed") == 0
    frame.comes()
    await words_go_into_the_text(vic)


async def test_clicked_into_the_frame_before_it_is_there(stage: Stage) -> None:
    vic = await stage.visitor()
    frame = await opened_without_frame(vic)
    await vic.page.locator("#host").focus()
    await vic.page.get_by_role("dialog").click()
    frame.comes()
    await words_go_into_the_text(vic)


async def test_escape_shuts_it_before_the_frame_is_there(stage: Stage) -> None:
    vic = await stage.visitor()
    frame = await opened_without_frame(vic)
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_be_focused()
    frame.comes()
    await expect(vic.text).to_be_attached()
    await expect(vic.launcher).to_be_focused()


async def opened_without_words(vic: Visitor) -> Held:
    """By keys, when the frame has already asked what there is to know and waits for its language."""
    words = Held()
    await vic.context.route("**/fr-*.js", words)
    await vic.page.evaluate(
        "addEventListener('message', ({ data }) => data.type === 'ready' && (globalThis.ready = 1))"
    )
    await vic.launcher.focus()
    await vic.page.wait_for_function("globalThis.ready")
    await vic.page.keyboard.press("Enter")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    return words


async def test_opened_by_keys_before_the_words_are_there(stage: Stage) -> None:
    vic = await stage.visitor()
    words = await opened_without_words(vic)
    words.comes()
    await words_go_into_the_text(vic)


async def test_shut_again_before_the_words_are_there(stage: Stage) -> None:
    vic = await stage.visitor()
    words = await opened_without_words(vic)
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    words.comes()
    await expect(vic.text).to_be_attached()
    await expect(vic.launcher).to_be_focused()


async def test_who_has_gone_elsewhere_before_the_frame_is_there_is_not_called_back(stage: Stage) -> None:
    vic = await stage.visitor()
    frame = await opened_without_frame(vic)
    await vic.page.locator("#host").focus()
    frame.comes()
    await expect(vic.text).to_be_visible()
    await expect(vic.page.locator("#host")).to_be_focused()


async def test_who_has_gone_elsewhere_before_the_words_are_there_is_not_called_back(stage: Stage) -> None:
    vic = await stage.visitor()
    words = await opened_without_words(vic)
    await vic.page.locator("#host").click()
    words.comes()
    await expect(vic.text).to_be_visible()
    await vic.page.keyboard.type("Un nom")
    await expect(vic.page.locator("#host")).to_have_value("Un nom")
