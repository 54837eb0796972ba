"""Hostile input in every field that a stranger can fill: it shows as text, and no script runs."""

from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import ClientSession
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent

FOREIGN_HOST = "pwned.localhost"
HOSTILE = (
    "<script>globalThis.__pwned=1</script>",
    "<img src=x onerror=globalThis.__pwned=1>",
    f"<img src=//{FOREIGN_HOST}/a.png>",
    "<svg/onload=globalThis.__pwned=1>",
    f"<iframe src=//{FOREIGN_HOST}/b></iframe>",
    '"><script>alert(1)</script><input value="',
    "' onmouseover='globalThis.__pwned=1' autofocus onfocus='globalThis.__pwned=1",
    "</title></textarea></script><script>globalThis.__pwned=1</script>",
    "javascript:globalThis.__pwned=1//",
    "[lien](javascript:globalThis.__pwned=1) javascript://%0aglobalThis.__pwned=1",
    "{{constructor.constructor('globalThis.__pwned=1')()}} ${globalThis.__pwned=1} {% raw %}",
    f"<style>@import '//{FOREIGN_HOST}/c.css';*{{background:url(//{FOREIGN_HOST}/d)}}</style>",
    f"<link rel=stylesheet href=//{FOREIGN_HOST}/e.css><base href=//{FOREIGN_HOST}/>",
    f"<meta http-equiv=refresh content='0;url=//{FOREIGN_HOST}/f'>",
    "<math><mtext></p><style><!--</style><img src=x onerror=globalThis.__pwned=1>--></math>",
    "&lt;img src=x onerror=globalThis.__pwned=1&gt; &#x3c;b&#x3e;",
    "\u202egnol eton\u202c \u2066<b>\u2069 \u00e9\u0301\u0301",
    '=HYPERLINK("//pwned.localhost") __proto__ constructor toString',
)
HOSTILE_NAME = HOSTILE[1]
SET_HOSTILE_PAGE = """hostile =>
  guichet('setPage', {url: 'https://exemple.fr/' + hostile, title: hostile, referrer: hostile})"""


@dataclass
class InjectionDetector:
    """Detects scripts that ran, dialogs that opened and requests to another server."""

    detections: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on(
            "request", lambda request: self.detections.append(request.url) if FOREIGN_HOST in request.url else None
        )
        context.on("dialog", lambda dialog: self.detections.append(dialog.message))

    async def expect_nothing(self, *pages: Page) -> None:
        """Nothing ran in any document of these pages, and no request went to another server."""
        for page in pages:
            for frame in page.frames:
                assert not await frame.evaluate("globalThis.__pwned"), frame.url
        assert self.detections == []


async def test_detector_finds_injected_script(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/bare")
    detector = InjectionDetector()
    detector.watch(vic.context)
    await vic.page.evaluate("html => { document.body.innerHTML = html; }", "".join(HOSTILE))
    await vic.page.wait_for_function("globalThis.__pwned === 1")
    assert any(url.endswith("/a.png") for url in detector.detections)


async def test_hostile_messages_are_shown_as_text_in_chat(browser: BrowserSession, system: RunningSystem) -> None:
    """As messages of both sides, and as URL and title of the visitor's page."""
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    detector = InjectionDetector()
    detector.watch(ada.context)
    detector.watch(vic.context)
    await vic.open_widget()
    for hostile in HOSTILE:
        await vic.page.evaluate(SET_HOSTILE_PAGE, hostile)
        await vic.send(hostile)
        if hostile == HOSTILE[0]:
            await ada.accept_offer()
        await expect(ada.bubble(hostile)).to_have_count(1)
        await expect(details_pane(ada)).to_contain_text(" ".join(hostile.split()))
        await ada.send(hostile)
        await expect(vic.bubble(hostile)).to_have_count(2)
    await expect_only_safe_links(ada)
    await detector.expect_nothing(vic.page, ada.page)
    await ada.page.reload()
    await expect(ada.log.locator(".bubble")).to_have_count(2 * len(HOSTILE))
    await vic.page.reload()
    await expect(vic.log.locator(".bubble")).to_have_count(2 * len(HOSTILE))
    await detector.expect_nothing(vic.page, ada.page)


async def test_hostile_form_fields_are_shown_as_text(browser: BrowserSession, system: RunningSystem) -> None:
    """A program sends the form over HTTP, without our pages."""
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    detector = InjectionDetector()
    detector.watch(ada.context)
    async with ClientSession() as session:
        for number, hostile in enumerate(HOSTILE):
            page = {
                "url": f"https://exemple.fr/{hostile}",
                "title": hostile,
                "referrer": f"https://exemple.fr/?{hostile}",
            }
            form = {"site": "demo", "client_id": f"hostile-{number:012}", "email": "vic@exemple.fr", "page": page}
            response = await session.post(
                system.chat_url.replace("chat.app.localhost", "127.0.0.1") + "/api/tickets",
                json={**form, "name": hostile[:100], "text": hostile},
            )
            assert response.status == 201, await response.text()
    rows = ada.rows("À répondre")
    await expect(rows).to_have_count(len(HOSTILE))
    for number, hostile in enumerate(HOSTILE):
        await rows.filter(has_text=f"n°\u00a0{number + 1}{number + 1}").first.click()
        await expect(ada.bubble(hostile)).to_have_count(1)
        await expect(ada.page.get_by_role("heading", name=" ".join(hostile[:100].split()), exact=True)).to_have_count(2)
        await expect_only_safe_links(ada)
    await ada.page.get_by_role("searchbox").fill("<img")
    await expect(ada.rows("Résultats").first).to_be_visible()
    await detector.expect_nothing(ada.page)


def details_pane(ada: Agent) -> Locator:
    return ada.page.get_by_role("complementary", name="Fiche")


async def expect_only_safe_links(ada: Agent) -> None:
    """No link leads to a script."""
    for link in [*await details_pane(ada).get_by_role("link").all(), *await ada.log.get_by_role("link").all()]:
        assert str(await link.get_attribute("href")).startswith(("http://", "https://", "mailto:", "/console/"))


async def test_hostile_agent_name_is_shown_as_text(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada", display_name=HOSTILE_NAME)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    detector = InjectionDetector()
    detector.watch(ada.context)
    vic = await browser.new_visitor()
    detector.watch(vic.context)
    await vic.open_widget()
    await vic.send("Bonjour")
    await ada.accept_offer()
    await expect(vic.frame.get_by_role("heading", name=HOSTILE_NAME)).to_be_visible()
    await ada.send("Bonjour")
    await vic.launcher.click()
    await ada.send(HOSTILE_NAME)
    await expect(vic.page.get_by_role("button", name=HOSTILE_NAME).first).to_be_visible()
    await detector.expect_nothing(vic.page, ada.page)


async def test_hostile_input_is_shown_as_text_on_pages_without_script(
    browser: BrowserSession, system: RunningSystem
) -> None:
    """The contact page repeats what was typed with an invalid address; the ticket page shows what was sent."""
    vic = await browser.new_visitor(None)
    detector = InjectionDetector()
    detector.watch(vic.context)
    for hostile in HOSTILE[::3]:
        await vic.page.goto(f"{system.chat_url}/contact?site=demo&lang=fr")
        # The server treats a form that is sent within two seconds as a robot's.
        system.clock.turn_to(system.clock() + timedelta(seconds=3))
        await vic.page.get_by_label("Votre message").fill(hostile)
        await vic.page.get_by_label("Votre nom").fill(hostile[:80])
        await vic.page.get_by_label("Votre adresse").fill(hostile[:80])
        await vic.page.get_by_role("button", name="Envoyer").click()
        await expect(vic.page.get_by_label("Votre adresse")).to_have_attribute("aria-invalid", "true")
        await expect(vic.page.get_by_label("Votre message")).to_have_value(hostile)
        await detector.expect_nothing(vic.page)
        await vic.page.get_by_label("Votre adresse").fill("vic@exemple.fr")
        await vic.page.get_by_role("button", name="Envoyer").click()
        await vic.page.wait_for_url("**/t/**")
        await expect(vic.page.get_by_text(hostile, exact=True)).to_be_visible()
        await detector.expect_nothing(vic.page)
