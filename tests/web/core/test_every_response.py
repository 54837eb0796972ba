"""What every response has: security headers, errors as JSON or as a page, and a log line without secrets."""

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
import structlog
from structlog.testing import capture_logs

from chat.domain import seed
from chat.settings import Settings
from chat.web.routes import ROUTES
from tests.web.conftest import ORIGIN, PASSWORD, PORT, WebServer

PAGES = ("/", "/contact?site=demo", "/setup/the-first-link", "/t/nothing", "/nowhere", "/console", "/healthz")


@pytest.mark.parametrize("path", PAGES)
async def test_pages_have_the_security_headers_and_no_inline_code(server: WebServer, path: str) -> None:
    await server.create_owner_link()
    response = await server.client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy
    text = await response.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=", text)
    assert response.headers["Server"] == "Guichet"
    assert response.charset == ("utf-8" if response.content_type.startswith("text/") else None)


async def test_every_route_has_a_docstring(server: WebServer) -> None:
    for route in ROUTES:
        assert route.handler.__doc__ or route.handler.__name__ == "preflight", route.path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/contact", 405), ("GET", "/static/../settings.py", 404)],
)
async def test_missing_page_is_an_error_page_for_people(server: WebServer, method: str, path: str, status: int) -> None:
    response = await server.client.request(method, path, headers={"Accept-Language": "en"})
    assert response.status == status
    assert '<html lang="en">' in await response.text()


async def test_api_errors_are_json(server: WebServer) -> None:
    response = await server.client.get("/api/nowhere")
    assert response.status == 404
    assert (await response.json())["error"]["code"] == "not_found"


async def test_api_errors_are_pages_for_a_browser_that_accepts_html(server: WebServer) -> None:
    form = {"token": "no-such-link", "name": "Sam", "email": "sam@example.com", "password": PASSWORD}
    headers = {"Origin": "https://evil.example", "Accept": "text/html,*/*", "Accept-Language": "en"}
    response = await server.client.post("/api/setup", data=form, headers=headers)
    assert response.status == 403
    assert "This page is not open to you" in await response.text()


async def test_requests_without_database_get_503(server: WebServer) -> None:
    await server.context.store.close()
    form = {"site": "demo", "client_id": "zoe-form-0000001", "email": "zoe@example.com", "text": "Hello"}
    response = await server.client.post("/api/tickets", json=form)
    assert response.status == 503
    assert (await response.json())["error"]["code"] == "unavailable"
    page = await server.client.get("/contact?site=demo&lang=en")
    assert page.status == 503
    assert "Temporarily unavailable" in await page.text()


async def test_readyz_names_the_service_that_is_away(server: WebServer) -> None:
    ready = await server.client.get("/readyz")
    assert (ready.status, await ready.json()) == (200, {"ok": True, "database": "ok", "redis": "ok"})
    await server.context.redis.close()
    ready = await server.client.get("/readyz")
    assert (ready.status, (await ready.json())["redis"]) == (200, "away")
    await server.context.store.close()
    ready = await server.client.get("/readyz")
    assert (ready.status, (await ready.json())["database"]) == (503, "away")
    assert (await server.client.get("/healthz")).status == 200


async def test_metrics_name_routes_and_no_links(server: WebServer) -> None:
    await server.client.get("/t/somebodys-secret-link")
    metrics = await (await server.client.get("/metrics")).text()
    assert 'guichet_http_requests_total{route="/t/{link}",status="404"}' in metrics
    assert "somebodys-secret-link" not in metrics


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For"])
async def test_metrics_are_refused_when_a_proxy_forwarded_the_request(server: WebServer, header: str) -> None:
    assert (await server.client.get("/metrics")).status == 200
    refused = await server.client.get("/metrics", headers={header: "127.0.0.1"})
    assert refused.status == 403
    assert "guichet_http" not in await refused.text()


class TestMetricsBehindAProxy:
    """METRICS_ALLOW names a network, and 127.0.0.1 is a trusted proxy."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        allowed = (ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8"))
        return replace(settings, trusted_proxies=(ip_network("127.0.0.1/32"),), metrics_allow=allowed)

    async def test_metrics_answer_only_the_networks_that_may_read_them(self, server: WebServer) -> None:
        statuses = {"192.0.2.3": 200, "203.0.113.7": 403, "192.0.2.3, 203.0.113.7": 403, "unknown": 403, "": 403}
        for address, status in statuses.items():
            response = await server.client.get("/metrics", headers={"X-Forwarded-For": address})
            assert response.status == status, address
        assert (await server.client.get("/metrics")).status == 200


async def test_logs_have_no_links_tokens_texts_or_passwords(server: WebServer) -> None:
    structlog.reset_defaults()
    await server.add_agent()
    with capture_logs() as entries:
        await server.client.get("/t/somebodys-secret-link?thanks=form")
        await server.client.get("/setup/the-owners-secret-link")
        await server.client.get("/password/adas-secret-link")
        credentials = {"email": "ada@example.com", "password": PASSWORD}
        await server.client.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
        form = {"site": "demo", "client_id": "zoe-form-0000001", "email": "zoe@example.com", "text": "a secret word"}
        await server.client.post("/api/tickets", json=form | {"token": "zoes-secret-token-0001"})
    logged = str(entries)
    assert [entry["path"] for entry in entries] == ["/t/…", "/setup/…", "/password/…", "/api/session", "/api/tickets"]
    assert [entry["status"] for entry in entries] == [404, 404, 404, 200, 201]
    assert not re.search("secret|example.com|long password", logged)


async def test_home_redirects_to_the_console_once_a_site_exists(server: WebServer) -> None:
    shop = await (await server.client.get("/")).text()
    assert "/widget.js?site=demo" in shop
    assert f"{ORIGIN}/widget.js?site=demo" in shop
    await server.add_site("shop", "https://shop.example")
    response = await server.client.get("/", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/console")


async def test_favicon_is_served(server: WebServer) -> None:
    response = await server.client.get("/favicon.ico")
    assert (response.status, response.content_type) == (200, "image/svg+xml")


async def test_console_is_the_same_page_at_every_path(server: WebServer) -> None:
    for path in ("/console", "/console/", "/console/t/t_somebodys"):
        response = await server.client.get(path)
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert f"connect-src 'self' ws://localhost:{PORT}" in response.headers["Content-Security-Policy"]


def test_categories_of_a_new_install_have_labels() -> None:
    from chat.vocabulary import LOCALES
    from chat.web.core.i18n import has_text

    assert all(has_text(language, f"category.{name}") for language in LOCALES for name, _ in seed.CATEGORIES)
