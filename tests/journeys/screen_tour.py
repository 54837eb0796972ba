"""A walk through every screen that people get to see, told once and looked at in several ways."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

from playwright.async_api import Page, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.ui_text import EN, FR, Words
from tests.journeys.users import Agent, Visitor

Look = Callable[[str, Page], Awaitable[None]]
DESKTOP: dict[str, object] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, object] = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
TALK = {
    "fr": (
        ("Marie Lefèvre", "Karim Benali", "Bonjour, mon retrait de lundi n’est toujours pas arrivé."),
        ("C’était 84,20 €, sur mon compte habituel.", "Bonjour Marie, je regarde tout de suite."),
        ("Votre banque a demandé une vérification ce matin : le virement est reparti à 9 h 12.", "D’accord, merci."),
        ("Deuxième retrait bloqué par cette banque cette semaine.", "Bonjour, comment inviter un filleul ?"),
    ),
    "en": (
        ("Mary Field", "Karim Benali", "Hello, my withdrawal of Monday has still not arrived."),
        ("It was €84.20, to my usual account.", "Hello Mary, I am looking into it."),
        ("Your bank asked for a check this morning: the transfer left again at 9:12.", "All right, thank you."),
        ("Second withdrawal that this bank has blocked this week.", "Hello, how do I invite a friend?"),
    ),
}


class Way(NamedTuple):
    """In which language, on which screen, by day or by night."""

    language: str = "fr"
    screen: dict[str, object] = DESKTOP
    scheme: str = "light"

    @property
    def options(self) -> dict[str, object]:
        locale = {"fr": "fr-FR", "en": "en-GB"}[self.language]
        return {**self.screen, "locale": locale, "color_scheme": self.scheme, "reduced_motion": "reduce"}

    @property
    def say(self) -> Words:
        return FR if self.language == "fr" else EN

    @property
    def page(self) -> str:
        return "/" if self.language == "fr" else "/en"


class Walk:
    """`look(name, page)` is called in front of every screen."""

    def __init__(self, stage: Stage, town: Town, way: Way, look: Look) -> None:
        self.stage, self.town, self.way, self.look = stage, town, way, look
        (self.vic, self.zoe, self.first), *rest = TALK[way.language]
        (self.second, self.hello), (self.answer, self.thanks), (self.note, self.zoes) = rest

    async def all(self) -> None:
        """Signing in, a chat from its first word to its end, and the form when nobody is there."""
        await self.town.hire("Ada", "admin", capacity=1)
        await self.town.hire("Ben")
        ada = await self.signs_in()
        vic = await self.asks(ada)
        zoe = await self.talk(ada, vic)
        await self.dialogs(ada)
        await self.ends(ada, vic)
        await self.nobody(ada, zoe)

    async def arrives(self, name: str) -> Visitor:
        vic = await self.stage.visitor(self.way.page, **self.way.options)
        vic.say = self.way.say
        await vic.launcher.wait_for()
        await vic.page.evaluate("name => guichet('prefill', {name, category: 'payments'})", name)
        return vic

    async def signs_in(self) -> Agent:
        context = await self.stage.person("Ada", permissions=["notifications"], **self.way.options)
        ada = Agent("Ada", self.town, context, await self.stage.tab(context), self.way.say)
        self.stage.agents["Ada"] = ada
        await ada.page.goto(f"{self.town.chat}/console")
        await expect(ada.page.get_by_label(self.way.say.login)).to_be_focused()
        await self.look("console-login", ada.page)
        await ada.page.get_by_label(self.way.say.login).fill("ada@desk.example")
        await ada.page.get_by_label(self.way.say.password).fill("not this one")
        await ada.button(self.way.say.sign_in).click()
        await expect(ada.page.get_by_role("alert")).to_be_visible()
        await self.look("console-login-wrong", ada.page)
        await ada.signs_in()
        await self.look("console-away", ada.page)
        await ada.choice.click()
        await self.look("console-presence-menu", ada.page)
        await ada.page.keyboard.press("Escape")
        await ada.is_("available")
        return ada

    async def asks(self, ada: Agent) -> Visitor:
        vic = await self.arrives(self.vic)
        await self.look("widget-launcher", vic.page)
        await vic.opens()
        await expect(vic.frame.get_by_text(self.way.say.here)).to_be_visible()
        await self.look("widget-welcome", vic.page)
        await vic.says(self.first)
        await vic.says(self.second)
        await expect(ada.ringing).to_contain_text(self.second)
        await self.look("console-ringing", ada.page)
        await self.look("widget-called", vic.page)
        await ada.accepts()
        return vic

    async def talk(self, ada: Agent, vic: Visitor) -> Visitor:
        await ada.says(self.hello)
        await ada.says(self.answer)
        await expect(vic.bubble(self.answer)).to_be_visible()
        await vic.says(self.thanks)
        await expect(ada.log).to_contain_text(self.thanks)
        await ada.notes(self.note)
        zoe = await self.arrives(self.zoe)
        await zoe.opens()
        await zoe.says(self.zoes)
        await expect(zoe.frame.get_by_role("heading", level=2)).to_be_visible()
        await self.look("widget-queue", zoe.page)
        await ada.composer.press_sequentially("…")
        await expect(vic.frame.locator(".typing")).to_contain_text("Ada")
        await self.look("widget-chat", vic.page)
        await vic.text.press_sequentially("…")
        await expect(ada.page.locator(".log__typing")).to_contain_text(self.vic)
        await self.look("console-conversation", ada.page)
        await vic.text.fill("")
        return zoe

    async def dialogs(self, ada: Agent) -> None:
        say, page = self.way.say, ada.page
        await ada.button(say.hand_over).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await self.look("console-hand-over", page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name=say.why).click()
        await expect(page.get_by_role("table")).to_be_visible()
        await self.look("console-explain", page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await self.look("console-shortcuts", page)
        await page.keyboard.press("Escape")
        await ada.button(say.note).click()
        await self.look("console-note", page)
        if self.way.screen is PHONE:
            await ada.button(say.details).click()
            await self.look("console-details", page)
            await page.go_back()

    async def ends(self, ada: Agent, vic: Visitor) -> None:
        await (vic.launcher if self.way.screen is DESKTOP else vic.frame.locator(".header__close")).click()
        await ada.button("Réponse" if self.way.say is FR else "Reply").click()
        await ada.says(self.hello)
        await expect(vic.page.get_by_role("button", name=self.hello)).to_be_visible()
        await self.look("widget-preview", vic.page)
        await ada.button(self.way.say.end).click()
        await expect(ada.notices).to_contain_text(self.vic)
        await self.look("console-ending", ada.page)
        await ada.page.goto(f"{self.town.chat}/console")
        await vic.opens()
        await expect(vic.log).to_contain_text("Ada a terminé" if self.way.say is FR else "Ada has ended")
        await self.look("widget-ended", vic.page)

    async def nobody(self, ada: Agent, zoe: Visitor) -> None:
        await expect(ada.ringing).to_have_count(1)
        await ada.page.keyboard.press("d")
        await expect(ada.choice).to_contain_text(self.way.say.away)
        await expect(zoe.frame.get_by_role("textbox", name="?")).to_be_visible()
        await self.look("widget-address", zoe.page)
        await zoe.context.close()
        self.stage.contexts.remove(zoe.context)
        sam = await self.arrives("Sam Morin")
        await sam.opens()
        await expect(sam.frame.get_by_label(self.way.say.address)).to_be_visible()
        await self.look("widget-form", sam.page)
        await sam.button(self.way.say.send).click()
        await expect(sam.text).to_have_attribute("aria-invalid", "true")
        await self.look("widget-form-faults", sam.page)
        await sam.text.fill(self.first)
        await sam.fills_in("sam@exemple.fr")
        await sam.button(self.way.say.send).click()
        copy = sam.button(self.way.say.copy)
        await expect(copy).to_be_visible()
        await self.look("widget-done", sam.page)
        await self.pages(ada, sam)

    async def pages(self, ada: Agent, sam: Visitor) -> None:
        await expect(ada.rows(self.way.say.open)).to_have_count(2)
        await self.look("console-lists", ada.page)
        await ada.page.get_by_role("searchbox").fill(self.first.split()[-2])
        await expect(ada.rows(self.way.say.results)).to_have_count(2)
        await self.look("console-search", ada.page)
        await ada.page.keyboard.press("Escape")
        await ada.rows(self.way.say.open).last.click()
        await expect(ada.log).to_contain_text(self.first)
        await self.look("console-ticket", ada.page)
        frame = await sam.inside()
        async with sam.context.expect_page() as opened:
            # Where the clipboard is denied the page itself is opened.
            await frame.evaluate(
                "Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject()}})"
            )
            await sam.button(self.way.say.copy).click()
        page = await opened.value
        await expect(page.get_by_text(self.first)).to_be_visible()
        await self.look("page-ticket", page)
        await page.goto(f"{self.town.chat}/contact?site=demo&lang={self.way.language}")
        await self.look("page-contact", page)
        # Quicker than two seconds is a robot's hand.
        self.town.clock.turn_to(self.town.clock() + timedelta(seconds=3))
        await page.get_by_role("button", name=self.way.say.send).click()
        await expect(page.get_by_role("textbox").first).to_have_attribute("aria-invalid", "true")
        await self.look("page-contact-faults", page)
        await page.goto(f"{self.town.chat}/?lang={self.way.language}")
        await self.look("page-shop", page)
