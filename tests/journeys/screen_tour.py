"""A tour through every screen of widget, console and pages, for different checks of each screen."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

from playwright.async_api import Page, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.ui_text import EN, FR, UiText
from tests.journeys.users import Agent, Visitor

OnScreen = Callable[[str, Page], Awaitable[None]]
DESKTOP: dict[str, object] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, object] = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
TEXTS = {
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


class Variant(NamedTuple):
    """Language, screen size and color scheme."""

    language: str = "fr"
    screen: dict[str, object] = DESKTOP
    scheme: str = "light"

    @property
    def options(self) -> dict[str, object]:
        locale = {"fr": "fr-FR", "en": "en-GB"}[self.language]
        return {**self.screen, "locale": locale, "color_scheme": self.scheme, "reduced_motion": "reduce"}

    @property
    def ui(self) -> UiText:
        return FR if self.language == "fr" else EN

    @property
    def page(self) -> str:
        return "/" if self.language == "fr" else "/en"


class ScreenTour:
    """Calls `on_screen(name, page)` on every screen."""

    def __init__(self, browser: BrowserSession, system: RunningSystem, variant: Variant, on_screen: OnScreen) -> None:
        self.browser, self.system, self.variant, self.on_screen = browser, system, variant, on_screen
        (self.vic_name, self.zoe_name, self.question), *rest = TEXTS[variant.language]
        (self.detail, self.greeting), (self.answer, self.thanks), (self.note, self.zoe_question) = rest

    async def visit_all(self) -> None:
        """Sign-in, a chat from start to end, and the form when no agent is available."""
        await self.system.add_agent("Ada", "admin", capacity=1)
        await self.system.add_agent("Ben")
        ada = await self.show_sign_in()
        vic = await self.show_start_of_chat(ada)
        zoe = await self.show_conversation(ada, vic)
        await self.show_dialogs(ada)
        await self.show_end_of_chat(ada, vic)
        await self.show_form(ada, zoe)

    async def new_visitor(self, name: str) -> Visitor:
        vic = await self.browser.new_visitor(self.variant.page, **self.variant.options)
        vic.ui = self.variant.ui
        await vic.launcher.wait_for()
        await vic.page.evaluate("name => guichet('prefill', {name, category: 'payments'})", name)
        return vic

    async def show_sign_in(self) -> Agent:
        context = await self.browser.new_context("Ada", permissions=["notifications"], **self.variant.options)
        ada = Agent("Ada", self.system, context, await self.browser.new_tab(context), self.variant.ui)
        self.browser.agents["Ada"] = ada
        await ada.page.goto(f"{self.system.chat_url}/console")
        await expect(ada.page.get_by_label(self.variant.ui.login_email)).to_be_focused()
        await self.on_screen("console-login", ada.page)
        await ada.page.get_by_label(self.variant.ui.login_email).fill("ada@desk.example")
        await ada.page.get_by_label(self.variant.ui.password).fill("not this one")
        await ada.button(self.variant.ui.sign_in).click()
        await expect(ada.page.get_by_role("alert")).to_be_visible()
        await self.on_screen("console-login-wrong", ada.page)
        await ada.sign_in()
        await self.on_screen("console-away", ada.page)
        await ada.presence_button.click()
        await self.on_screen("console-presence-menu", ada.page)
        await ada.page.keyboard.press("Escape")
        await ada.set_presence("available")
        return ada

    async def show_start_of_chat(self, ada: Agent) -> Visitor:
        vic = await self.new_visitor(self.vic_name)
        await self.on_screen("widget-launcher", vic.page)
        await vic.open_widget()
        await expect(vic.frame.get_by_text(self.variant.ui.team_online)).to_be_visible()
        await self.on_screen("widget-welcome", vic.page)
        await vic.send(self.question)
        await vic.send(self.detail)
        await expect(ada.ringing_offers).to_contain_text(self.detail)
        await self.on_screen("console-ringing", ada.page)
        await self.on_screen("widget-waiting", vic.page)
        await ada.accept_offer()
        return vic

    async def show_conversation(self, ada: Agent, vic: Visitor) -> Visitor:
        await ada.send(self.greeting)
        await ada.send(self.answer)
        await expect(vic.bubble(self.answer)).to_be_visible()
        await vic.send(self.thanks)
        await expect(ada.log).to_contain_text(self.thanks)
        await ada.add_note(self.note)
        zoe = await self.new_visitor(self.zoe_name)
        await zoe.open_widget()
        await zoe.send(self.zoe_question)
        await expect(zoe.frame.get_by_role("heading", level=2)).to_be_visible()
        await self.on_screen("widget-queue", zoe.page)
        await ada.composer.press_sequentially("…")
        await expect(vic.frame.locator(".typing")).to_contain_text("Ada")
        await self.on_screen("widget-chat", vic.page)
        await vic.text.press_sequentially("…")
        await expect(ada.page.locator(".log__typing")).to_contain_text(self.vic_name)
        await self.on_screen("console-conversation", ada.page)
        await vic.text.fill("")
        return zoe

    async def show_dialogs(self, ada: Agent) -> None:
        ui, page = self.variant.ui, ada.page
        await ada.act(ui.hand_over)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await self.on_screen("console-hand-over", page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name=ui.explain).click()
        await expect(page.get_by_role("table")).to_be_visible()
        await self.on_screen("console-explain", page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await self.on_screen("console-shortcuts", page)
        await page.keyboard.press("Escape")
        await ada.button(ui.note).click()
        await self.on_screen("console-note", page)
        if self.variant.screen is PHONE:
            await ada.button(ui.details).click()
            await self.on_screen("console-details", page)
            await page.go_back()

    async def show_end_of_chat(self, ada: Agent, vic: Visitor) -> None:
        await (vic.launcher if self.variant.screen is DESKTOP else vic.frame.locator(".header__close")).click()
        await ada.button("Réponse" if self.variant.ui is FR else "Reply").click()
        await ada.send(self.greeting)
        await expect(vic.page.get_by_role("button", name=self.greeting)).to_be_visible()
        await self.on_screen("widget-preview", vic.page)
        await ada.act(self.variant.ui.end)
        await expect(ada.toasts).to_contain_text(self.vic_name)
        await self.on_screen("console-undo-end", ada.page)
        await ada.page.goto(f"{self.system.chat_url}/console")
        await vic.open_widget()
        await expect(vic.log).to_contain_text("Ada a terminé" if self.variant.ui is FR else "Ada has ended")
        await self.on_screen("widget-ended", vic.page)

    async def show_form(self, ada: Agent, zoe: Visitor) -> None:
        await expect(ada.ringing_offers).to_have_count(1)
        await ada.page.keyboard.press("d")
        await expect(ada.presence_button).to_contain_text(self.variant.ui.away)
        await expect(zoe.frame.get_by_role("textbox", name=self.variant.ui.email)).to_be_visible()
        await self.on_screen("widget-email", zoe.page)
        await zoe.context.close()
        self.browser.contexts.remove(zoe.context)
        sam = await self.new_visitor("Sam Morin")
        await sam.open_widget()
        await expect(sam.frame.get_by_label(self.variant.ui.email)).to_be_visible()
        await self.on_screen("widget-form", sam.page)
        await sam.button(self.variant.ui.send).click()
        await expect(sam.text).to_have_attribute("aria-invalid", "true")
        await self.on_screen("widget-form-errors", sam.page)
        await sam.text.fill(self.question)
        await sam.fill_email("sam@exemple.fr")
        await sam.button(self.variant.ui.send).click()
        copy_link = sam.button(self.variant.ui.copy_link)
        await expect(copy_link).to_be_visible()
        await self.on_screen("widget-receipt", sam.page)
        await self.show_lists_and_pages(ada, sam)

    async def show_lists_and_pages(self, ada: Agent, sam: Visitor) -> None:
        await expect(ada.rows(self.variant.ui.unanswered)).to_have_count(2)
        await self.on_screen("console-lists", ada.page)
        await ada.page.get_by_role("link", name=self.variant.ui.ended, exact=True).click()
        await expect(ada.rows(self.variant.ui.ended)).to_have_count(1)
        await self.on_screen("console-ended", ada.page)
        await ada.page.go_back()
        await ada.page.get_by_role("searchbox").fill(self.question.split()[-2])
        await expect(ada.rows(self.variant.ui.results)).to_have_count(2)
        await self.on_screen("console-search", ada.page)
        await ada.page.keyboard.press("Escape")
        await ada.rows(self.variant.ui.unanswered).last.click()
        await expect(ada.log).to_contain_text(self.question)
        await self.on_screen("console-ticket", ada.page)
        page = await self.browser.new_tab(sam.context)
        await page.goto(await sam.frame.locator("input[readonly]").input_value())
        await expect(page.get_by_text(self.question)).to_be_visible()
        await self.on_screen("page-ticket", page)
        await page.goto(f"{self.system.chat_url}/contact?site=demo&lang={self.variant.language}")
        await self.on_screen("page-contact", page)
        # The server treats a form that is sent within two seconds as a robot's.
        self.system.clock.turn_to(self.system.clock() + timedelta(seconds=3))
        await page.get_by_role("button", name=self.variant.ui.send).click()
        await expect(page.get_by_role("textbox").first).to_have_attribute("aria-invalid", "true")
        await self.on_screen("page-contact-errors", page)
        await page.goto(f"{self.system.chat_url}/?lang={self.variant.language}")
        await self.on_screen("page-home", page)
