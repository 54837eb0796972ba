"""Users in front of their browsers: a visitor with the widget, and an agent at the console."""

import re
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from tests.journeys.running_system import PASSWORD, RunningSystem, email_of
from tests.journeys.ui_text import FR, UiText

RECORD_ANNOUNCEMENTS = """() => {
  globalThis.announcements = [];
  for (const region of document.querySelectorAll("p.visually-hidden[role=status]"))
    new MutationObserver(() => region.textContent && announcements.push(region.textContent))
      .observe(region, { childList: true, characterData: true, subtree: true });
}"""


@dataclass
class Visitor:
    """A visitor of a website. `frame` locates elements inside the widget."""

    system: RunningSystem
    context: BrowserContext
    page: Page
    ui: UiText = FR

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button[aria-haspopup=dialog]")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def text(self) -> Locator:
        """The text field, in chat and form alike."""
        return self.frame.locator("#text")

    @property
    def log(self) -> Locator:
        return self.frame.get_by_role("log")

    def button(self, name: str) -> Locator:
        return self.frame.get_by_role("button", name=name, exact=True)

    def bubble(self, text: str) -> Locator:
        """A message bubble by its exact text."""
        return self.log.locator(".bubble").get_by_text(text, exact=True)

    async def go_to(self, path: str = "/", host: str = "www.app.localhost") -> None:
        """Load another page of a website in the same tab."""
        await self.page.goto(self.system.website_url(path, host))

    async def open_widget(self) -> None:
        """Click the launcher."""
        await self.launcher.click()
        await expect(self.text).to_be_visible()

    async def send(self, text: str) -> None:
        """Send a text with Enter. It shows at once, whatever the network does."""
        await self.text.fill(text)
        await self.text.press("Enter")
        await expect(self.log.locator(".message--own .bubble").last).to_have_text(text)

    async def fill_email(self, email: str) -> None:
        await self.frame.get_by_label(self.ui.email).fill(email)

    async def widget_document(self) -> Frame:
        """The widget's own document, for evaluating scripts in it."""
        frame = await (await self.page.locator("iframe").element_handle()).content_frame()
        assert frame
        return frame

    async def record_announcements(self) -> None:
        """Record what a screen reader announces by itself from now on."""
        await (await self.widget_document()).evaluate(RECORD_ANNOUNCEMENTS)

    async def announcements(self) -> list[str]:
        """The texts announced since `record_announcements`."""
        texts: list[str] = await (await self.widget_document()).evaluate("globalThis.announcements")
        return texts

    async def caret(self) -> tuple[int, int]:
        """Start and end of the selection in the text field."""
        selection = await self.text.evaluate("area => [area.selectionStart, area.selectionEnd]")
        return selection[0], selection[1]


@dataclass
class Agent:
    """An agent in front of the console."""

    name: str
    system: RunningSystem
    context: BrowserContext
    page: Page
    ui: UiText = FR

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def ringing_offers(self) -> Locator:
        """The offers that ring in this console."""
        return self.page.get_by_role("region", name=self.ui.ringing).get_by_role("listitem")

    @property
    def toasts(self) -> Locator:
        return self.page.locator(".toasts")

    @property
    def presence_button(self) -> Locator:
        """The button that shows and changes whether the agent is available."""
        return self.page.get_by_role("button", name=self.ui.presence)

    def rows(self, title: str) -> Locator:
        """The rows of one of the three lists, by its title."""
        return self.page.get_by_role("region", name=title).get_by_role("link")

    def bubble(self, text: str) -> Locator:
        return self.log.locator(".bubble").get_by_text(text, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def expect_visitor_messages(self, *texts: str) -> None:
        """The open conversation has exactly these messages of the visitor, in this order."""
        expected = [re.compile(f"^(Anonyme \\d+ )?{re.escape(text)}$") for text in texts]
        await expect(self.log.locator(".message--visitor .bubble")).to_have_text(expected)

    async def sign_in(self) -> None:
        """Sign in through the form and wait for the lists."""
        await self.page.goto(f"{self.system.chat_url}/console")
        await self.page.get_by_label(self.ui.login_email).fill(email_of(self.name))
        await self.page.get_by_label(self.ui.password).fill(PASSWORD)
        await self.button(self.ui.sign_in).click()
        await expect(self.page.locator(".lists__empty, .card-row").first).to_be_visible()

    async def set_presence(self, state: Literal["available", "away"]) -> None:
        """Choose the state in the presence menu."""
        label = self.ui.available if state == "available" else self.ui.away
        await self.presence_button.click()
        await self.page.get_by_role("menuitemradio", name=re.compile(f"^{label}")).click()
        await expect(self.presence_button).to_contain_text(label)

    async def act(self, name: str) -> None:
        """Choose an action of the open conversation: a button of its header, on a phone an item of its menu."""
        menu = self.page.locator(".thread__more > .menu > button")
        if await menu.is_visible():
            await menu.click()
            await self.page.get_by_role("menuitem", name=name, exact=True).click()
        else:
            await self.button(name).click()

    async def accept_offer(self) -> None:
        """Accept the ringing offer and wait until its conversation is open."""
        before = self.page.url
        await self.ringing_offers.get_by_role("button", name=self.ui.accept).click()
        await expect(self.page).not_to_have_url(before)
        await expect(self.composer).to_be_visible()

    async def send(self, text: str) -> None:
        await self.composer.fill(text)
        await self.button(self.ui.send).click()
        await expect(self.log.locator(".message--team .bubble").last).to_contain_text(text)

    async def add_note(self, text: str) -> None:
        """Add a note, which only the team can see."""
        await self.button(self.ui.note).click()
        await self.composer.fill(text)
        await self.button(self.ui.save_note).click()
        await expect(self.page.locator(".note").filter(has_text=text)).to_have_count(1)
