"""A host page full of nonsense: in its calls, in its queue, in our entry of its storage, in names of its elements."""

import json

import pytest
from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

STORED = {
    "null": "null",
    "a list": "[]",
    "no JSON": "{",
    "values": json.dumps(
        {
            "token": {"a": 1},
            "draft": ["a"],
            "form": 5,
            "open": "yes",
            "live": {},
            "outbox:1": 5,
            "outbox:2": '{"client_id":"0193-test-client-id","text":"Perdu","at":"soon"}',
        }
    ),
}
# Elements with these names hide properties of the document.
NAMESAKES = "<img name=title><form name=referrer></form>"
# The page keeps its errors to itself: a wrong call may throw, but only at its caller.
NONSENSE = """<script>
addEventListener("error", event => event.preventDefault());
window.guichet = function () { guichet.q.push(arguments) };
guichet.up = true;
guichet.q = [null, 5, [], "text", {}, ["prefill"], ["setPage"], [Symbol("a")], ["__proto__"], ["on", "open", 5]];
guichet("prefill", null);
guichet("prefill", { get name() { throw new Error("mine") } });
guichet("prefill", { text: "Bonjour", name: () => 1, email: document, category: 1n, self: window, list: [{}] });
guichet("setPage", { title: Symbol("a"), url: document, referrer: 5 });
</script>"""


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
async def test_nonsense_of_the_page_is_dropped_and_the_visitor_served(
    browser: BrowserSession, system: RunningSystem, stored: str
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor("/bare")
    await vic.page.evaluate("stored => { localStorage['guichet:demo'] = stored; }", stored)
    await vic.page.set_content(NAMESAKES + NONSENSE)
    await vic.page.add_script_tag(url=system.chat_url + "/widget.js?site=demo")
    await vic.launcher.wait_for()
    if await vic.launcher.get_attribute("aria-expanded") == "false":
        await vic.launcher.click()
    await expect(vic.text).to_have_value("Bonjour")
    await vic.text.press("Enter")
    await ada.accept_offer()
    await ada.send("Bonjour Vic.")
    await expect(vic.bubble("Bonjour Vic.")).to_be_visible()
    await vic.page.evaluate("guichet('prefill', {text: 'Merci', name: window}); guichet('setPage', document)")
    await expect(vic.text).to_have_value("Merci")
    await vic.text.press("Enter")
    await expect(ada.bubble("Merci")).to_be_visible()
