"""What a host page does to the elements that the widget shares with it: the layout, the scroll lock, the language."""

import pytest

from tests.journeys.browser import BrowserSession
from tests.journeys.screen_tour import PHONE

LAYOUTS = {
    "flex": "html, body { display: flex; gap: 120px } body, main { flex: 1 }",
    "grid": "html, body { display: grid; grid-auto-rows: 1fr; row-gap: 50px } html { block-size: 100vh }",
    "columns": "html, body { columns: 2 }",
    "every child": "html > *, body > * { display: block !important; position: static !important; margin: 40px }",
}
MEASURE_PAGE = """() => ["html", "body", "main"].map(name => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height];
})"""

OVERFLOW = "getComputedStyle(document.documentElement).overflow"
SET_OVERFLOW = "value => { document.documentElement.style.overflow = value; }"


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_widget_takes_no_part_in_layout_of_page(browser: BrowserSession, layout: str) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    before = await vic.page.evaluate(MEASURE_PAGE)
    await vic.page.add_style_tag(content=LAYOUTS[layout])
    with_widget = await vic.page.evaluate(MEASURE_PAGE)
    await vic.page.evaluate("guichet('destroy')")
    assert with_widget == await vic.page.evaluate(MEASURE_PAGE)
    # Shows that the check works: the layout moves the page.
    assert with_widget != before


async def test_phone_page_scrolls_as_its_own_lock_says_after_close(browser: BrowserSession) -> None:
    """A menu of the page locks and unlocks the page before, while and after the chat is open."""
    vic = await browser.new_visitor("/", **PHONE)
    await vic.launcher.wait_for()
    steps = {
        "lifted meanwhile": ("hidden", ""),
        "set meanwhile": ("", "hidden"),
        "changed meanwhile": ("scroll", "clip"),
    }
    for before, meanwhile in steps.values():
        await vic.page.evaluate(SET_OVERFLOW, before)
        await vic.page.evaluate("guichet('open')")
        assert await vic.page.evaluate(OVERFLOW) == "hidden"
        await vic.page.evaluate(SET_OVERFLOW, meanwhile)
        assert await vic.page.evaluate(OVERFLOW) == "hidden"
        await vic.page.evaluate("guichet('close')")
        assert await vic.page.evaluate("document.documentElement.style.overflow") == meanwhile
        assert await vic.page.evaluate(OVERFLOW) == (meanwhile or "visible")


async def test_destroy_of_open_widget_unlocks_phone_page(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/", **PHONE)
    await vic.launcher.tap()
    assert await vic.page.evaluate(OVERFLOW) == "hidden"
    await vic.page.evaluate("guichet('destroy')")
    assert await vic.page.evaluate(OVERFLOW) == "visible"


async def test_wide_page_is_never_locked(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.click()
    await vic.page.evaluate(SET_OVERFLOW, "scroll")
    assert await vic.page.evaluate(OVERFLOW) == "scroll"
