"""Limits in numbers: bytes, requests, stored data; and the host page's strictest Content Security Policy."""

from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Response, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

MAX_LOADER_BYTES, MAX_CHAT_BYTES, MAX_CONSOLE_BYTES = 3_200, 21_000, 120_000
RECORD_CSP_VIOLATIONS = """globalThis.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  violations.push(violatedDirective + " " + blockedURI));"""
LIST_STORED_DATA = """async () => {
  const stored = [];
  for (const name of ["localStorage", "sessionStorage"])
    for (const key of Object.keys(globalThis[name])) stored.push(name + " " + key);
  for (const { name } of await indexedDB.databases()) stored.push("indexedDB " + name);
  for (const name of await caches.keys()) stored.push("cache " + name);
  if (document.cookie) stored.push("cookie");
  return stored;
}"""


@dataclass
class Traffic:
    """All responses that a browser got from the chat server, and the sizes of their bodies as transferred."""

    chat_url: str
    responses: list[Response] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> "Traffic":
        context.on("response", self._record)
        return self

    def _record(self, response: Response) -> None:
        if self.is_from_chat_server(response.url):
            self.responses.append(response)

    def is_from_chat_server(self, url: str) -> bool:
        # Browsers request /favicon.ico for a page without an icon; customer sites are on other hosts.
        return url.startswith(self.chat_url) and not url.endswith("/favicon.ico")

    @property
    def paths(self) -> list[str]:
        return [answer.url.removeprefix(self.chat_url).split("?")[0] for answer in self.responses]

    async def body_bytes(self, *prefixes: str) -> int:
        """Total body size of these paths as transferred; our own files must be compressed with brotli."""
        total = 0
        for response in self.responses:
            if response.url.removeprefix(self.chat_url).startswith(prefixes):
                sizes = await response.request.sizes()
                if "/static/" in response.url or "/widget.js" in response.url:
                    assert await response.header_value("content-encoding") == "br", response.url
                total += sizes["responseBodySize"]
        return total


async def test_widget_is_small_and_stores_nothing_before_first_message(
    browser: BrowserSession, system: RunningSystem
) -> None:
    """The page makes one small request. Even an open widget stores nothing before the first message."""
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor(None)
    traffic = Traffic(system.chat_url).watch(vic.context)
    await vic.go_to()
    await vic.launcher.wait_for()
    await vic.page.wait_for_load_state("networkidle")
    assert traffic.paths == ["/widget.js"]
    assert await traffic.body_bytes("/widget.js") <= MAX_LOADER_BYTES

    await vic.open_widget()
    await expect(vic.frame.get_by_text("En ligne")).to_be_visible()
    await vic.page.wait_for_load_state("networkidle")
    assert await vic.page.evaluate(LIST_STORED_DATA) == []
    assert await (await vic.widget_document()).evaluate(LIST_STORED_DATA) == []
    assert await vic.context.cookies() == []
    assert await traffic.body_bytes("/widget/frame", "/static") <= MAX_CHAT_BYTES, traffic.paths
    assert not [url for url in traffic.paths if "polling" in url]

    # Shows that the check works: the first message is stored.
    await vic.send("Bonjour")
    await expect(ada.ringing_offers).to_have_count(1)
    await vic.page.wait_for_function("localStorage.length === 1")
    assert await vic.page.evaluate(LIST_STORED_DATA) == ["localStorage guichet:demo"]
    assert await vic.context.cookies() == []


async def test_widget_works_under_strict_host_csp(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor(None)
    await vic.context.add_init_script(RECORD_CSP_VIOLATIONS)
    await vic.go_to("/strict")
    await vic.open_widget()
    await vic.send("Sous haute surveillance.")
    await ada.accept_offer()
    await ada.send("Et pourtant.")
    await expect(vic.bubble("Et pourtant.")).to_be_visible()
    await vic.launcher.click()
    await ada.send("Vous êtes encore là ?")
    await expect(vic.page.get_by_role("button", name="Vous êtes encore là ?")).to_be_visible()
    assert await vic.page.evaluate("violations") == []
    assert await (await vic.widget_document()).evaluate("violations") == []

    # Shows that the check works: an image that the page's policy forbids is reported.
    await vic.page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://else.localhost/'}))"
    )
    await vic.page.wait_for_function("violations.length === 1")
    # This violation was intended; the `browser` fixture would fail on it.
    browser.console_messages.clear()


async def test_console_download_is_small(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    context = await browser.new_context("Ada")
    traffic = Traffic(system.chat_url).watch(context)
    page = await browser.new_tab(context)
    await page.goto(f"{system.chat_url}/console")
    await expect(page.get_by_role("button", name="Se connecter")).to_be_visible()
    assert 0 < await traffic.body_bytes("/console", "/static") <= MAX_CONSOLE_BYTES
