"""What every answer carries, how refusals are told, and what never stands in a log."""

import re

import pytest
import structlog
from structlog.testing import capture_logs

from chat.domain import seed
from chat.web.routes import ROUTES
from tests.web.conftest import ORIGIN, PASSWORD, PORT, House

PAGES = ("/", "/contact?site=demo", "/setup/the-first-link", "/t/nothing", "/nowhere", "/console", "/healthz")


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_inline_and_nothing_from_elsewhere(house: House, path: str) -> None:
    await house.owner_link()
    answer = await house.browser.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy
    text = await answer.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=", text)
    assert answer.headers["Server"] == "Guichet"


async def test_no_route_without_a_door_of_its_own(house: House) -> None:
    for route in ROUTES:
        assert route.handler.__doc__ or route.handler.__name__ == "preflight", route.path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/contact", 405), ("GET", "/static/../settings.py", 404)],
)
async def test_what_is_not_there_is_told_in_words(house: House, method: str, path: str, status: int) -> None:
    answer = await house.browser.request(method, path, headers={"Accept-Language": "en"})
    assert answer.status == status
    assert '<html lang="en">' in await answer.text()


async def test_a_client_is_told_in_json(house: House) -> None:
    answer = await house.browser.get("/api/nowhere")
    assert answer.status == 404
    assert (await answer.json())["error"]["code"] == "not_found"


async def test_a_browser_that_reads_pages_is_told_in_words_even_there(house: House) -> None:
    form = {"token": "no-such-link", "name": "Sam", "email": "sam@example.com", "password": PASSWORD}
    headers = {"Origin": "https://evil.example", "Accept": "text/html,*/*", "Accept-Language": "en"}
    answer = await house.browser.post("/api/setup", data=form, headers=headers)
    assert answer.status == 403
    assert "This page is not open to you" in await answer.text()


async def test_without_the_database_nobody_is_told_that_all_went_well(house: House) -> None:
    await house.doors.store.close()
    form = {"site": "demo", "client_id": "zoe-form-0000001", "email": "zoe@example.com", "text": "Hello"}
    told = await house.browser.post("/api/tickets", json=form)
    assert told.status == 503
    assert (await told.json())["error"]["code"] == "unavailable"
    page = await house.browser.get("/contact?site=demo&lang=en")
    assert page.status == 503
    assert "Away for a moment" in await page.text()


async def test_readiness_names_what_is_away(house: House) -> None:
    ready = await house.browser.get("/readyz")
    assert (ready.status, await ready.json()) == (200, {"ok": True, "database": "ok", "redis": "ok"})
    await house.doors.redis.close()
    ready = await house.browser.get("/readyz")
    assert (ready.status, (await ready.json())["redis"]) == (200, "away")
    await house.doors.store.close()
    ready = await house.browser.get("/readyz")
    assert (ready.status, (await ready.json())["database"]) == (503, "away")
    assert (await house.browser.get("/healthz")).status == 200


async def test_the_numbers_name_routes_and_nobody(house: House) -> None:
    await house.browser.get("/t/somebodys-secret-link")
    numbers = await (await house.browser.get("/metrics")).text()
    assert 'guichet_http_requests_total{route="/t/{link}",status="404"}' in numbers
    assert "somebodys-secret-link" not in numbers


async def test_logs_hold_no_links_tokens_words_or_passwords(house: House) -> None:
    structlog.reset_defaults()
    await house.ada()
    with capture_logs() as lines:
        await house.browser.get("/t/somebodys-secret-link?thanks=form")
        await house.browser.get("/setup/the-owners-secret-link")
        await house.browser.get("/password/adas-secret-link")
        credentials = {"email": "ada@example.com", "password": PASSWORD}
        await house.browser.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
        form = {"site": "demo", "client_id": "zoe-form-0000001", "email": "zoe@example.com", "text": "a secret word"}
        await house.browser.post("/api/tickets", json=form | {"token": "zoes-secret-token-0001"})
    told = str(lines)
    assert [line["path"] for line in lines] == ["/t/…", "/setup/…", "/password/…", "/api/session", "/api/tickets"]
    assert [line["status"] for line in lines] == [404, 404, 404, 200, 201]
    assert not re.search("secret|example.com|long password", told)


async def test_the_shop_makes_way_for_a_site_of_ones_own(house: House) -> None:
    shop = await (await house.browser.get("/")).text()
    assert "/widget.js?site=demo" in shop
    assert f"{ORIGIN}/widget.js?site=demo" in shop
    await house.has_site("shop", "https://shop.example")
    answer = await house.browser.get("/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console")


async def test_a_browser_finds_an_icon(house: House) -> None:
    answer = await house.browser.get("/favicon.ico")
    assert (answer.status, answer.content_type) == (200, "image/svg+xml")


async def test_the_console_is_one_page_for_all_its_addresses(house: House) -> None:
    for path in ("/console", "/console/", "/console/t/t_somebodys"):
        answer = await house.browser.get(path)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert f"connect-src 'self' ws://localhost:{PORT}" in answer.headers["Content-Security-Policy"]


def test_the_categories_of_a_new_install_have_words() -> None:
    from chat.web.core.i18n import LANGUAGES, has_text

    assert all(has_text(language, f"category.{name}") for language in LANGUAGES for name, _ in seed.CATEGORIES)
