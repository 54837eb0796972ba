"""What a host page does to the elements that the widget shares with it: the layout, the scroll lock, the language."""

import pytest

from tests.journeys.browser import BrowserSession

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
