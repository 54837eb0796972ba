"""Widget and console while the browser translates them: texts that change are shown as they are now."""

from playwright.async_api import Frame, Page, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

# What a browser's translator does: it puts <font> elements in the place of text nodes, those that come later, too.
TRANSLATE = """() => {
  const translate = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const parent = text.parentElement;
      if (!parent || /^(FONT|SCRIPT|STYLE|TEXTAREA|OPTION)$/.test(parent.tagName) || !text.data.trim()) continue;
      const outer = document.createElement("font"), inner = document.createElement("font");
      inner.append(text.data);
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  translate(document.body);
  new MutationObserver(records => {
    for (const { addedNodes, target, type } of records) {
      for (const node of addedNodes) if (node.isConnected) translate(node.nodeType === 3 ? node.parentElement : node);
      if (type === "characterData" && target.isConnected) translate(target.parentElement);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def expect_translated(document: Frame | Page) -> None:
    """Shows that the check works: the translator has replaced texts."""
    assert await document.evaluate("document.querySelectorAll('font font').length") > 0


async def test_translated_widget_and_console_show_what_changes(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    await ada.page.evaluate(TRANSLATE)
    await expect_translated(ada.page)
    vic = await browser.new_visitor()
    await vic.open_widget()
    widget = await vic.widget_document()
    await widget.evaluate(TRANSLATE)
    await expect_translated(widget)

    await vic.send("Bonjour")
    await expect(vic.log.locator(".meta")).to_contain_text("reçu")
    await expect(vic.frame.get_by_role("heading", name="Vous êtes")).to_be_visible()
    await ada.accept_offer()
    await expect(vic.frame.locator("header")).to_contain_text("Ada")
    await expect(vic.log.locator(".meta")).to_contain_text("lu")
    await expect(ada.presence_button).to_contain_text("1/4")
    await ada.composer.press_sequentially("Bonj")
    await expect(vic.frame.locator(".typing")).to_contain_text("Ada")
    await ada.composer.fill("")
    await expect(vic.frame.locator(".typing")).to_be_empty()
    await ada.send("Bonjour Vic.")
    await expect(ada.log.locator(".message__meta").last).to_contain_text("lu")
    await vic.button("Terminer").click()
    await expect(vic.frame.locator("header")).to_contain_text("terminée")
    await expect(ada.presence_button).to_contain_text("0/4")
