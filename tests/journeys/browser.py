"""The stage: one browser, a person a context; it listens to every console, and tells when a story went wrong."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError

from tests.journeys.running_system import Town
from tests.journeys.users import Agent, Visitor

# The browser's own clock goes with the town's, without stopping any timer.
AHEAD = """(() => {
  const ahead = %d, Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead); }
    static now() { return Real.now() + ahead; }
  };
})()"""
FRENCH = {"locale": "fr-FR", "timezone_id": "Europe/Paris", "viewport": {"width": 1280, "height": 800}}
PATIENCE_MS = 8_000


@dataclass
class Stage:
    """Everybody who plays, and what their browsers complained about."""

    browser: Browser
    town: Town
    said: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    agents: dict[str, Agent] = field(default_factory=dict)

    async def visitor(self, path: str | None = "/", **options: object) -> Visitor:
        """Somebody new on a page of a website; with None their tab is still empty."""
        context = await self.person("visitor", **options)
        page = await self.tab(context)
        visitor = Visitor(self.town, context, page)
        if path is not None:
            await visitor.goes_to(path)
        return visitor

    async def agent(self, name: str, **options: object) -> Agent:
        """Somebody of the team who has signed in, still away."""
        context = await self.person(name, permissions=["notifications"], **options)
        agent = Agent(name, self.town, context, await self.tab(context))
        self.agents[name] = agent
        await agent.signs_in()
        return agent

    async def person(self, name: str, **options: object) -> BrowserContext:
        """A browser of one's own: cookies, storage, language and screen."""
        context = await self.browser.new_context(**{**FRENCH, **options})  # type: ignore[arg-type]  # their own names
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", lambda line: self._heard(name, line))
        context.on("weberror", lambda error: self._broke(name, error))
        context.on("requestfailed", lambda request: self._failed(name, request))
        self.contexts.append(context)
        return context

    async def tab(self, context: BrowserContext) -> Page:
        """A new tab, whose clock is the town's of this moment."""
        page = await context.new_page()
        await page.add_init_script(AHEAD % (self.town.ahead.total_seconds() * 1000))
        return page

    async def again(self, visitor: Visitor, path: str = "/") -> Visitor:
        """The same visitor in a new tab, later."""
        back = Visitor(self.town, visitor.context, await self.tab(visitor.context))
        await back.goes_to(path)
        return back

    async def remember(self, folder: Path) -> None:
        """For whoever has to find out why: a picture of every page, and what the browsers said."""
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages):
            path = folder / f"page-{number}.png"
            await page.screenshot(path=path)
            print(f"{path}  {page.url}")  # noqa: T201
        print(*self.said, *self.broken, sep="\n")  # noqa: T201

    def _heard(self, name: str, line: ConsoleMessage) -> None:
        self.said.append(f"{name}: {line.type}: {line.text}")

    def _broke(self, name: str, error: WebError) -> None:
        self.broken.append(f"{name}: {error.error}")

    def _failed(self, name: str, request: Request) -> None:
        self.said.append(f"{name}: no answer: {request.method} {request.url.split('?')[0]} {request.failure}")
