"""The server's pages in a real browser: accessibility, the content security policy, and use without script."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.web.api.test_form import FORM
from tests.web.conftest import ORIGIN, PASSWORD, WebServer


async def open_page(context: BrowserContext, server: WebServer, path: str) -> tuple[Page, list[str]]:
    """The page, and the messages of its console."""
    page = await context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    await page.goto(str(server.client.make_url(path)))
    return page, messages


async def test_pages_pass_axe_and_the_security_policy(server: WebServer, chromium: Browser) -> None:
    body = await (await server.client.post("/api/tickets", json=FORM)).json()
    ticket = body["link"].removeprefix(ORIGIN)
    await server.create_owner_link()
    paths = ("/", "/contact?site=demo", f"{ticket}?thanks=form", "/setup/the-first-link", "/password")
    await server.add_agent()
    wide = await chromium.new_context(color_scheme="light", viewport=ViewportSize(width=1280, height=800))
    phone = await chromium.new_context(color_scheme="dark", viewport=ViewportSize(width=375, height=700))
    for context in (wide, phone):
        credentials = {"email": "ada@example.com", "password": PASSWORD}
        session = str(server.client.make_url("/api/session"))
        assert (await context.request.post(session, data=credentials, headers={"Origin": ORIGIN})).ok
    for path in paths:
        for context in (wide, phone):
            page, messages = await open_page(context, server, path)
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
            assert messages == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_zoe_sends_the_form_and_replies_without_script(server: WebServer, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-GB")
    page, _ = await open_page(context, server, "/contact?site=demo")
    await page.get_by_label("Your message").fill("Where is my parcel?")
    await page.get_by_label("Your e-mail address").fill("zoe")
    server.clock.advance(seconds=20)
    await page.get_by_role("button", name="Send").click()
    email = page.get_by_label("Your e-mail address")
    await expect(email).to_have_attribute("aria-invalid", "true")
    await expect(email).to_be_focused()
    wrong = "This address does not look complete, for example name@example.com."
    await expect(email).to_have_accessible_description(wrong)
    await expect(page.get_by_label("Your message")).to_have_value("Where is my parcel?")
    await email.fill("zoe@example.com")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your request #1")
    await expect(page.get_by_label("Link to this page")).to_have_value(re.compile(re.escape(f"{ORIGIN}/t/")))
    await expect(page.get_by_role("button", name="Copy the link")).to_be_hidden()
    await page.get_by_label("Add a detail").fill("It was sent on Monday.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status")).to_contain_text("your answer has arrived")
    await expect(page.locator(".bubble")).to_have_text(["Where is my parcel?", "It was sent on Monday."])


async def test_link_of_a_ticket_is_copied_or_selected(server: WebServer, chromium: Browser) -> None:
    body = await (await server.client.post("/api/tickets", json=FORM)).json()
    denied = "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false;"
    for script, said in (("", "Link copied."), (denied, "The link is selected: copy it.")):
        context = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
        await context.add_init_script(script)
        page, messages = await open_page(context, server, f"{body['link'].removeprefix(ORIGIN)}?lang=en")
        await expect(page.get_by_label("Link to this page")).to_have_value(body["link"])
        await page.get_by_role("button", name="Copy the link").click()
        await expect(page.get_by_text(said)).to_be_visible()
        assert await page.evaluate("getSelection().toString()") == body["link"]
        if not script:
            assert await page.evaluate("navigator.clipboard.readText()") == body["link"]
        assert messages == []
        await context.close()


async def test_owner_sets_up_the_account_without_script(server: WebServer, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-GB")
    page, _ = await open_page(context, server, await server.create_owner_link())
    await page.get_by_label("Your name").fill("Sam")
    await page.get_by_label("Your e-mail address").fill("sam@example.com")
    await page.get_by_label("Password").fill("a rather long password")
    await page.get_by_role("button", name="Open the console").click()
    await page.wait_for_url("**/console")
    cookies = await context.cookies()
    assert [(cookie["name"], cookie["httpOnly"]) for cookie in cookies] == [("guichet", True)]
    response = await context.request.get(str(server.client.make_url("/api/session")))
    assert response.status == 200
