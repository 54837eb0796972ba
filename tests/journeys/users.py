"""The cast in front of their browsers: a visitor's page with the widget, and an agent's console."""

import re
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from tests.journeys.running_system import PASSWORD, Town, email_of
from tests.journeys.ui_text import FR, Words

LISTEN = """() => {
  globalThis.said = [];
  for (const region of document.querySelectorAll("p.unseen[role=status]"))
    new MutationObserver(() => region.textContent && said.push(region.textContent))
      .observe(region, { childList: true, characterData: true, subtree: true });
}"""


@dataclass
class Visitor:
    """Somebody on a website. What is inside the widget is found through `frame`."""

    town: Town
    context: BrowserContext
    page: Page
    say: Words = FR

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button[aria-haspopup=dialog]")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def text(self) -> Locator:
        """Where one writes, in chat and form alike."""
        return self.frame.locator("#text")

    @property
    def log(self) -> Locator:
        return self.frame.get_by_role("log")

    def button(self, name: str) -> Locator:
        return self.frame.get_by_role("button", name=name, exact=True)

    def bubble(self, text: str) -> Locator:
        """What somebody has said, as its text alone."""
        return self.log.locator(".bubble").get_by_text(text, exact=True)

    async def goes_to(self, path: str = "/", host: str = "www.app.localhost") -> None:
        """Another page of a website, in the same tab."""
        await self.page.goto(self.town.website(path, host))

    async def opens(self) -> None:
        """The widget, by a click on its launcher."""
        await self.launcher.click()
        await expect(self.text).to_be_visible()

    async def says(self, text: str) -> None:
        """Written and sent by Enter; on screen at once, whatever the network does."""
        await self.text.fill(text)
        await self.text.press("Enter")
        await expect(self.log.locator(".said--mine .bubble").last).to_have_text(text)

    async def fills_in(self, email: str) -> None:
        await self.frame.get_by_label(self.say.address).fill(email)

    async def inside(self) -> Frame:
        """The widget's own document, to look at what no locator shows."""
        frame = await (await self.page.locator("iframe").element_handle()).content_frame()
        assert frame
        return frame

    async def listens(self) -> None:
        """From now on what a screen reader says by itself is remembered."""
        await (await self.inside()).evaluate(LISTEN)

    async def heard(self) -> list[str]:
        """What was said since one began to listen."""
        said: list[str] = await (await self.inside()).evaluate("globalThis.said")
        return said

    async def caret(self) -> tuple[int, int]:
        """Where the caret stands in the text, start and end of what is selected."""
        found = await self.text.evaluate("area => [area.selectionStart, area.selectionEnd]")
        return found[0], found[1]


@dataclass
class Agent:
    """Somebody of the team in front of the console."""

    name: str
    town: Town
    context: BrowserContext
    page: Page
    say: Words = FR

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def ringing(self) -> Locator:
        """What rings here."""
        return self.page.get_by_role("region", name=self.say.rings).get_by_role("listitem")

    @property
    def notices(self) -> Locator:
        return self.page.locator(".notices")

    @property
    def choice(self) -> Locator:
        """The button that says whether one is available."""
        return self.page.get_by_role("button", name=self.say.presence)

    def rows(self, title: str) -> Locator:
        """The lines of one of the three lists, by its title."""
        return self.page.get_by_role("region", name=title).get_by_role("link")

    def bubble(self, text: str) -> Locator:
        return self.log.locator(".bubble").get_by_text(text, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def reads(self, *texts: str) -> None:
        """What the visitor has said in the open conversation: this, in this order, and nothing twice."""
        said = [re.compile(f"^(Visiteur \\d+ )?{re.escape(text)}$") for text in texts]
        await expect(self.log.locator(".line--them .bubble")).to_have_text(said)

    async def signs_in(self) -> None:
        """Through the form, as everybody; the lists are here then."""
        await self.page.goto(f"{self.town.chat}/console")
        await self.page.get_by_label(self.say.login).fill(email_of(self.name))
        await self.page.get_by_label(self.say.password).fill(PASSWORD)
        await self.button(self.say.sign_in).click()
        await expect(self.page.locator(".lists__empty, .row").first).to_be_visible()

    async def is_(self, state: Literal["available", "away"]) -> None:
        """Chosen in the menu."""
        chosen = self.say.available if state == "available" else self.say.away
        await self.choice.click()
        await self.page.get_by_role("menuitemradio", name=chosen).click()
        await expect(self.choice).to_contain_text(chosen)

    async def accepts(self) -> None:
        """What rings; its conversation is open then."""
        before = self.page.url
        await self.ringing.get_by_role("button", name=self.say.take).click()
        await expect(self.page).not_to_have_url(before)
        await expect(self.composer).to_be_visible()

    async def says(self, text: str) -> None:
        await self.composer.fill(text)
        await self.button(self.say.send).click()
        await expect(self.log.locator(".line--us .bubble").last).to_contain_text(text)

    async def notes(self, text: str) -> None:
        """For the team only."""
        await self.button(self.say.note).click()
        await self.composer.fill(text)
        await self.button(self.say.keep_note).click()
        await expect(self.page.locator(".note").filter(has_text=text)).to_have_count(1)
