"""The browser of a test: one context for each user, with all console messages and script errors recorded."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError

from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent, Visitor

# Shifts the browser's clock to the system's time, without stopping timers.
SHIFT_CLOCK = """(() => {
  const offset = %d, Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + offset); }
    static now() { return Real.now() + offset; }
  };
})()"""
DEFAULT_CONTEXT = {"locale": "fr-FR", "timezone_id": "Europe/Paris", "viewport": {"width": 1280, "height": 800}}
TIMEOUT_MS = 8_000


@dataclass
class BrowserSession:
    """The users of a test and what their browsers reported."""

    browser: Browser
    system: RunningSystem
    console_messages: list[str] = field(default_factory=list)
    script_errors: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    agents: dict[str, Agent] = field(default_factory=dict)
    expected_violations: str | None = None  # the directive of the Content Security Policy that this test violates

    async def new_visitor(self, path: str | None = "/", **options: object) -> Visitor:
        """A new visitor on a page of a website, or in an empty tab if `path` is None."""
        context = await self.new_context("visitor", **options)
        page = await self.new_tab(context)
        visitor = Visitor(self.system, context, page)
        if path is not None:
            await visitor.go_to(path)
        return visitor

    async def sign_in_agent(self, name: str, **options: object) -> Agent:
        """An agent who has signed in and is still away."""
        context = await self.new_context(name, permissions=["notifications"], **options)
        agent = Agent(name, self.system, context, await self.new_tab(context))
        self.agents[name] = agent
        await agent.sign_in()
        return agent

    async def new_context(self, name: str, **options: object) -> BrowserContext:
        """A new context, with its own cookies, storage, language and screen size."""
        context = await self.browser.new_context(**{**DEFAULT_CONTEXT, **options})  # type: ignore[arg-type]  # names of Playwright
        context.set_default_timeout(TIMEOUT_MS)
        context.on("console", lambda message: self._record_console(name, message))
        context.on("weberror", lambda error: self._record_error(name, error))
        context.on("requestfailed", lambda request: self._record_failed_request(name, request))
        self.contexts.append(context)
        return context

    async def new_tab(self, context: BrowserContext) -> Page:
        """A new tab whose clock shows the system's present time."""
        page = await context.new_page()
        await page.add_init_script(SHIFT_CLOCK % (self.system.clock_offset.total_seconds() * 1000))
        return page

    async def reopen(self, visitor: Visitor, path: str = "/") -> Visitor:
        """The same visitor in a new tab."""
        reopened = Visitor(self.system, visitor.context, await self.new_tab(visitor.context))
        await reopened.go_to(path)
        return reopened

    @property
    def faults(self) -> list[str]:
        """Script errors and violations of the Content Security Policy that the test did not expect."""
        violations = [message for message in self.console_messages if "Content Security Policy" in message]
        expected = self.expected_violations
        return self.script_errors + [one for one in violations if not (expected and expected in one)]

    async def save_diagnostics(self, folder: Path) -> None:
        """For debugging: save a screenshot of every page and print what the browsers reported."""
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages):
            path = folder / f"page-{number}.png"
            await page.screenshot(path=path)
            print(f"{path}  {page.url}")  # noqa: T201
        print(*self.console_messages, *self.script_errors, sep="\n")  # noqa: T201

    def _record_console(self, name: str, message: ConsoleMessage) -> None:
        self.console_messages.append(f"{name}: {message.type}: {message.text}")

    def _record_error(self, name: str, error: WebError) -> None:
        self.script_errors.append(f"{name}: {error.error}")

    def _record_failed_request(self, name: str, request: Request) -> None:
        self.console_messages.append(
            f"{name}: request failed: {request.method} {request.url.split('?')[0]} {request.failure}"
        )
