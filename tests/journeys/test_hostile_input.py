"""Hostile words in every field that a stranger can fill: shown as what they are, and nothing of them runs."""

from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import ClientSession
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Agent

ELSEWHERE = "pwned.localhost"
HOSTILE = (
    "<script>globalThis.__pwned=1</script>",
    "<img src=x onerror=globalThis.__pwned=1>",
    f"<img src=//{ELSEWHERE}/a.png>",
    "<svg/onload=globalThis.__pwned=1>",
    f"<iframe src=//{ELSEWHERE}/b></iframe>",
    '"><script>alert(1)</script><input value="',
    "' onmouseover='globalThis.__pwned=1' autofocus onfocus='globalThis.__pwned=1",
    "</title></textarea></script><script>globalThis.__pwned=1</script>",
    "javascript:globalThis.__pwned=1//",
    "[lien](javascript:globalThis.__pwned=1) javascript://%0aglobalThis.__pwned=1",
    "{{constructor.constructor('globalThis.__pwned=1')()}} ${globalThis.__pwned=1} {% raw %}",
    f"<style>@import '//{ELSEWHERE}/c.css';*{{background:url(//{ELSEWHERE}/d)}}</style>",
    f"<link rel=stylesheet href=//{ELSEWHERE}/e.css><base href=//{ELSEWHERE}/>",
    f"<meta http-equiv=refresh content='0;url=//{ELSEWHERE}/f'>",
    "<math><mtext></p><style><!--</style><img src=x onerror=globalThis.__pwned=1>--></math>",
    "&lt;img src=x onerror=globalThis.__pwned=1&gt; &#x3c;b&#x3e;",
    "\u202egnol eton\u202c \u2066<b>\u2069 \u00e9\u0301\u0301",
    '=HYPERLINK("//pwned.localhost") __proto__ constructor toString',
)
DIRECT = HOSTILE[1]
ELSEWHERE_ON_THE_SITE = """words =>
  guichet('setPage', {url: 'https://exemple.fr/' + words, title: words, referrer: words})"""


@dataclass
class Alarm:
    """Rings when something runs, opens a dialog or asks another server for anything."""

    rung: list[str] = field(default_factory=list)

    def guard(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.rung.append(request.url) if ELSEWHERE in request.url else None)
        context.on("dialog", lambda dialog: self.rung.append(dialog.message))

    async def silent(self, *pages: Page) -> None:
        """Nothing has happened in any document of these pages, and nothing asked elsewhere."""
        for page in pages:
            for frame in page.frames:
                assert not await frame.evaluate("globalThis.__pwned"), frame.url
        assert self.rung == []


async def test_the_alarm_would_ring(stage: Stage) -> None:
    vic = await stage.visitor("/bare")
    alarm = Alarm()
    alarm.guard(vic.context)
    await vic.page.evaluate("html => { document.body.innerHTML = html; }", "".join(HOSTILE))
    await vic.page.wait_for_function("globalThis.__pwned === 1")
    assert any(url.endswith("/a.png") for url in alarm.rung)


async def test_said_in_a_chat_and_said_back(stage: Stage, town: Town) -> None:
    """As text on both sides, and as the page that the visitor is on."""
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    alarm = Alarm()
    alarm.guard(ada.context)
    alarm.guard(vic.context)
    await vic.opens()
    for words in HOSTILE:
        await vic.page.evaluate(ELSEWHERE_ON_THE_SITE, words)
        await vic.says(words)
        if words == HOSTILE[0]:
            await ada.accepts()
        await expect(ada.bubble(words)).to_have_count(1)
        await expect(fiche(ada)).to_contain_text(" ".join(words.split()))
        await ada.says(words)
        await expect(vic.bubble(words)).to_have_count(2)
    await only_safe_links(ada)
    await alarm.silent(vic.page, ada.page)
    await ada.page.reload()
    await expect(ada.log.locator(".bubble")).to_have_count(2 * len(HOSTILE))
    await vic.page.reload()
    await expect(vic.log.locator(".bubble")).to_have_count(2 * len(HOSTILE))
    await alarm.silent(vic.page, ada.page)


async def test_sent_by_form_in_every_field(stage: Stage, town: Town) -> None:
    """As a stranger's program may send it, without any page of ours."""
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    alarm = Alarm()
    alarm.guard(ada.context)
    async with ClientSession() as stranger:
        for number, words in enumerate(HOSTILE):
            page = {"url": f"https://exemple.fr/{words}", "title": words, "referrer": f"https://exemple.fr/?{words}"}
            form = {"site": "demo", "client_id": f"hostile-{number:012}", "email": "vic@exemple.fr", "page": page}
            answer = await stranger.post(
                town.chat.replace("chat.app.localhost", "127.0.0.1") + "/api/tickets",
                json={**form, "name": words[:100], "text": words},
            )
            assert answer.status == 201, await answer.text()
    rows = ada.rows("À répondre")
    await expect(rows).to_have_count(len(HOSTILE))
    for number, words in enumerate(HOSTILE):
        await rows.filter(has_text=f"n°\u00a0{number + 1}{number + 1}").first.click()
        await expect(ada.bubble(words)).to_have_count(1)
        await expect(ada.page.get_by_role("heading", name=" ".join(words[:100].split()), exact=True)).to_have_count(2)
        await only_safe_links(ada)
    await ada.page.get_by_role("searchbox").fill("<img")
    await expect(ada.rows("Résultats").first).to_be_visible()
    await alarm.silent(ada.page)


def fiche(ada: Agent) -> Locator:
    return ada.page.get_by_role("complementary", name="Fiche")


async def only_safe_links(ada: Agent) -> None:
    """No link of a stranger's leads into a script."""
    for link in [*await fiche(ada).get_by_role("link").all(), *await ada.log.get_by_role("link").all()]:
        assert str(await link.get_attribute("href")).startswith(("http://", "https://", "mailto:", "/console/"))


async def test_agents_with_a_name_like_that(stage: Stage, town: Town) -> None:
    await town.hire("Ada", shown=DIRECT)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    alarm = Alarm()
    alarm.guard(ada.context)
    vic = await stage.visitor()
    alarm.guard(vic.context)
    await vic.opens()
    await vic.says("Bonjour")
    await ada.accepts()
    await expect(vic.frame.get_by_role("heading", name=DIRECT)).to_be_visible()
    await ada.says("Bonjour")
    await vic.launcher.click()
    await ada.says(DIRECT)
    await expect(vic.page.get_by_role("button", name=DIRECT).first).to_be_visible()
    await alarm.silent(vic.page, ada.page)


async def test_on_the_pages_without_script(stage: Stage, town: Town) -> None:
    """The contact page shows again what was typed with a bad address; the ticket's page shows what was sent."""
    vic = await stage.visitor(None)
    alarm = Alarm()
    alarm.guard(vic.context)
    for words in HOSTILE[::3]:
        await vic.page.goto(f"{town.chat}/contact?site=demo&lang=fr")
        # Quicker than two seconds is a robot's hand.
        town.clock.turn_to(town.clock() + timedelta(seconds=3))
        await vic.page.get_by_label("Votre message").fill(words)
        await vic.page.get_by_label("Votre nom").fill(words[:80])
        await vic.page.get_by_label("Votre adresse").fill(words[:80])
        await vic.page.get_by_role("button", name="Envoyer").click()
        await expect(vic.page.get_by_label("Votre adresse")).to_have_attribute("aria-invalid", "true")
        await expect(vic.page.get_by_label("Votre message")).to_have_value(words)
        await alarm.silent(vic.page)
        await vic.page.get_by_label("Votre adresse").fill("vic@exemple.fr")
        await vic.page.get_by_role("button", name="Envoyer").click()
        await vic.page.wait_for_url("**/t/**")
        await expect(vic.page.get_by_text(words, exact=True)).to_be_visible()
        await alarm.silent(vic.page)
