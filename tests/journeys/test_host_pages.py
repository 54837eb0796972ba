"""What a host page does to what the widget shares with it: its layout, its scrolling, its document."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
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

NEW_BODY = "<main><h1>Une autre page</h1></main>"
SWAPS = {
    "body": f"""() => {{
  const body = document.createElement("body");
  body.innerHTML = "{NEW_BODY}";
  document.body.replaceWith(body);
}}""",
    "content of body": f"() => {{ document.body.innerHTML = '{NEW_BODY}'; }}",
    "content of html": f"() => {{ document.documentElement.innerHTML = '<head></head><body>{NEW_BODY}</body>'; }}",
    "html": f"""() => {{
  const page = new DOMParser().parseFromString("<!doctype html><body>{NEW_BODY}", "text/html");
  document.documentElement.replaceWith(document.adoptNode(page.documentElement));
}}""",
    "document.write": f"""() => {{
  document.open();
  document.write("<!doctype html><title>x</title><body>{NEW_BODY}");
  document.close();
}}""",
}
# Each of these makes an element the container of the fixed elements inside it, or changes the length of a pixel.
STYLES_THAT_MOVE_FIXED_ELEMENTS = [
    "body { transform: translateZ(0) }",
    "body { filter: grayscale(.2) }",
    "html { contain: paint }",
    "html, body { will-change: transform }",
    "html { zoom: 1.5 }",
    "body { zoom: 2 }",
    ":root { --guichet-bottom: 130px }",
]
MAKE_PAGE_LONG = "() => { document.body.style.minHeight = '3000px'; scrollTo(0, 500); }"


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


@pytest.mark.parametrize("style", STYLES_THAT_MOVE_FIXED_ELEMENTS)
async def test_widget_stays_in_the_window_whatever_moves_fixed_elements(browser: BrowserSession, style: str) -> None:
    vic = await browser.new_visitor()
    await vic.page.add_style_tag(content=style)
    await vic.page.evaluate(MAKE_PAGE_LONG)
    # A click would scroll the page to the launcher.
    await vic.page.evaluate("guichet('open')")
    await expect(vic.text).to_be_visible()
    window = vic.page.viewport_size
    assert window
    for part in (vic.launcher, vic.page.get_by_role("dialog")):
        box = await part.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= window["width"]
        assert box["y"] + box["height"] <= window["height"]
    assert await vic.page.evaluate("scrollY") > 0


async def test_zooming_with_two_fingers_does_not_shrink_the_panel(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/", **PHONE, reduced_motion="reduce")
    await vic.launcher.tap()
    panel = vic.page.get_by_role("dialog")
    before = await panel.evaluate("panel => panel.offsetHeight")
    devtools = await vic.context.new_cdp_session(vic.page)
    resized = "new Promise(resolve => visualViewport.addEventListener('resize', () => setTimeout(resolve)))"
    await vic.page.evaluate(f"() => {{ globalThis.resized = {resized}; }}")
    await devtools.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    await vic.page.evaluate("resized")
    assert await vic.page.evaluate("visualViewport.scale") == 2
    assert await panel.evaluate("panel => panel.offsetHeight") == before


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


@pytest.mark.parametrize("swap", SWAPS)
async def test_widget_comes_back_when_page_replaces_document(browser: BrowserSession, swap: str) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    for _ in range(2):
        await vic.page.evaluate(SWAPS[swap])
        await expect(vic.page.get_by_text("Une autre page")).to_be_visible()
        await expect(vic.launcher).to_have_count(1)
    await vic.page.evaluate("guichet('prefill', {text: 'Toujours là'})")
    await vic.open_widget()
    await expect(vic.text).to_have_value("Toujours là")
    await vic.text.press("Escape")
    await expect(vic.launcher).to_be_focused()


@pytest.mark.parametrize("swap", SWAPS)
async def test_open_widget_of_a_phone_comes_back(browser: BrowserSession, swap: str) -> None:
    """There the launcher is hidden meanwhile, and the page is locked until the chat is closed."""
    vic = await browser.new_visitor("/", **PHONE)
    await vic.launcher.tap()
    await expect(vic.text).to_be_visible()
    await vic.page.evaluate(SWAPS[swap])
    await expect(vic.text).to_be_visible()
    await vic.text.press("Escape")
    await expect(vic.launcher).to_be_visible()
    assert await vic.page.evaluate(OVERFLOW) == "visible"


async def test_hidden_widget_comes_back(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    await vic.page.evaluate("guichet('hide')")
    await expect(vic.launcher).to_be_hidden()
    for _ in range(2):
        await vic.page.evaluate(SWAPS["body"])
        await expect(vic.launcher).to_have_count(1)
    await expect(vic.launcher).to_be_hidden()
    await vic.page.evaluate("guichet('show')")
    await vic.open_widget()


async def test_conversation_goes_on_in_widget_that_has_come_back(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Un premier mot.")
    await ada.accept_offer()
    for number, swap in enumerate(SWAPS.values()):
        await vic.page.evaluate(swap)
        await expect(vic.launcher).to_have_count(1)
        await vic.send(f"Après {number}.")
    await ada.send("Je vous suis.")
    await expect(vic.bubble("Je vous suis.")).to_be_visible()
    await ada.expect_visitor_messages("Un premier mot.", *(f"Après {number}." for number in range(len(SWAPS))))


async def test_frame_stays_when_body_is_replaced_again(browser: BrowserSession) -> None:
    """As on sites that replace the body at each navigation."""
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    await vic.page.evaluate(SWAPS["body"])
    await vic.open_widget()
    await (await vic.widget_document()).evaluate("globalThis.same = true")
    await vic.page.evaluate(SWAPS["body"])
    await expect(vic.text).to_be_visible()
    assert await (await vic.widget_document()).evaluate("globalThis.same")


async def test_script_that_runs_again_brings_removed_widget_back(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    script = vic.system.chat_url + "/widget.js?site=demo"
    await vic.page.evaluate("document.querySelector('div[role=region]').remove()")
    await vic.page.add_script_tag(url=script)
    await expect(vic.launcher).to_have_count(1)
    await vic.page.evaluate("guichet('destroy')")
    await expect(vic.launcher).to_have_count(0)
    await vic.page.add_script_tag(url=script)
    await vic.open_widget()


async def test_widget_stands_at_end_of_body_where_hydration_accepts_it(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    assert await vic.page.evaluate("document.body.lastElementChild.getAttribute('role')") == "region"
    assert await vic.page.evaluate("document.documentElement.children.length") == 2
