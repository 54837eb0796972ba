"""What is promised in numbers: bytes, requests, storage, and a host page's strictest policy."""

from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Response, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town

LOADER_MAX, CHAT_MAX, CONSOLE_MAX = 3_000, 20_000, 120_000
VIOLATIONS = """globalThis.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  violations.push(violatedDirective + " " + blockedURI));"""
STORED = """async () => {
  const kept = [];
  for (const name of ["localStorage", "sessionStorage"])
    for (const key of Object.keys(globalThis[name])) kept.push(name + " " + key);
  for (const { name } of await indexedDB.databases()) kept.push("indexedDB " + name);
  for (const name of await caches.keys()) kept.push("cache " + name);
  if (document.cookie) kept.push("cookie");
  return kept;
}"""


@dataclass
class Traffic:
    """Every answer that a browser got from the chat server, and how many bytes its body had on the way."""

    chat: str
    answers: list[Response] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> "Traffic":
        context.on("response", lambda answer: self.answers.append(answer) if self.ours(answer.url) else None)
        return self

    def ours(self, url: str) -> bool:
        # A browser asks for the icon of a page that names none; no site of a customer has its own here.
        return url.startswith(self.chat) and not url.endswith("/favicon.ico")

    @property
    def paths(self) -> list[str]:
        return [answer.url.removeprefix(self.chat).split("?")[0] for answer in self.answers]

    async def bytes_of(self, *starts: str) -> int:
        """The bodies as sent; whatever is a file of ours must have come in brotli."""
        total = 0
        for answer in self.answers:
            if answer.url.removeprefix(self.chat).startswith(starts):
                sizes = await answer.request.sizes()
                if "/static/" in answer.url or "/widget.js" in answer.url:
                    assert await answer.header_value("content-encoding") == "br", answer.url
                total += sizes["responseBodySize"]
        return total


async def test_before_anybody_clicks(stage: Stage, town: Town) -> None:
    """One request, small, and nothing kept; nor is anything kept of somebody who opens it and says nothing."""
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor(None)
    traffic = Traffic(town.chat).watch(vic.context)
    await vic.goes_to()
    await vic.launcher.wait_for()
    await vic.page.wait_for_load_state("networkidle")
    assert traffic.paths == ["/widget.js"]
    assert await traffic.bytes_of("/widget.js") <= LOADER_MAX

    await vic.opens()
    await expect(vic.frame.get_by_text("L’équipe est là")).to_be_visible()
    await vic.page.wait_for_load_state("networkidle")
    assert await vic.page.evaluate(STORED) == []
    assert await (await vic.inside()).evaluate(STORED) == []
    assert await vic.context.cookies() == []
    assert await traffic.bytes_of("/widget/frame", "/static") <= CHAT_MAX, traffic.paths
    assert not [url for url in traffic.paths if "polling" in url]

    # The net can catch: with the first words there is something to keep.
    await vic.says("Bonjour")
    await expect(ada.ringing).to_have_count(1)
    await vic.page.wait_for_function("localStorage.length === 1")
    assert await vic.page.evaluate(STORED) == ["localStorage guichet:demo"]
    assert await vic.context.cookies() == []


async def test_the_strictest_host_page_is_not_violated(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor(None)
    await vic.context.add_init_script(VIOLATIONS)
    await vic.goes_to("/strict")
    await vic.opens()
    await vic.says("Sous haute surveillance.")
    await ada.accepts()
    await ada.says("Et pourtant.")
    await expect(vic.bubble("Et pourtant.")).to_be_visible()
    await vic.launcher.click()
    await ada.says("Vous êtes encore là ?")
    await expect(vic.page.get_by_role("button", name="Vous êtes encore là ?")).to_be_visible()
    assert await vic.page.evaluate("violations") == []
    assert await (await vic.inside()).evaluate("violations") == []

    # The net can catch: what the page's own policy forbids is heard.
    await vic.page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://else.localhost/'}))"
    )
    await vic.page.wait_for_function("violations.length === 1")
    # That one line is ours; the stage would take it for the widget's.
    stage.said.clear()


async def test_the_console_is_light(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    context = await stage.person("Ada")
    traffic = Traffic(town.chat).watch(context)
    page = await stage.tab(context)
    await page.goto(f"{town.chat}/console")
    await expect(page.get_by_role("button", name="Se connecter")).to_be_visible()
    assert 0 < await traffic.bytes_of("/console", "/static") <= CONSOLE_MAX
