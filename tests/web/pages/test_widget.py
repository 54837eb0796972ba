"""The widget's loader and frame: configuration, encodings, caching, and the origins that may embed them."""

import json
import re
from html import unescape

from aiohttp import ClientResponse

from chat.domain.people.sites import SiteEdit, set_site
from tests.web.conftest import ORIGIN, WebServer


async def get_loader(server: WebServer, site: str = "demo", **headers: str) -> ClientResponse:
    return await server.client.get("/widget.js", params={"site": site}, headers=headers)


async def test_loader_has_the_configuration_of_its_site(server: WebServer) -> None:
    edit = SiteEdit("Shop", ["https://shop.example"], color="#aa3300")
    await server.context.store.write(set_site, "shop", edit, server.clock())
    response = await get_loader(server, "shop")
    script = await response.text()
    assert response.status == 200
    assert response.content_type == "text/javascript"
    assert f'"key":"shop","origin":"{ORIGIN}"' in script
    assert '"color":"#aa3300"' in script
    assert "__GUICHET_CONFIG__" not in script


async def test_loader_is_cached_for_five_minutes_and_revalidated(server: WebServer) -> None:
    first = await get_loader(server)
    assert first.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = await get_loader(server, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


async def test_loader_is_sent_in_the_smallest_accepted_encoding(server: WebServer) -> None:
    plain = await (await get_loader(server, **{"Accept-Encoding": "identity"})).read()
    for accepted, name in (("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("gzip, br;q=0", "gzip")):
        response = await get_loader(server, **{"Accept-Encoding": accepted})
        assert response.headers["Content-Encoding"] == name
        assert "Accept-Encoding" in response.headers["Vary"]
        assert await response.read() == plain


async def test_loader_of_an_unknown_site_says_why(server: WebServer) -> None:
    response = await get_loader(server, "nowhere")
    assert response.status == 404
    assert (await response.text()).startswith("// Guichet: no site has this key.")
    assert response.headers["Cache-Control"] == "no-store"


async def test_change_of_the_site_changes_the_loader(server: WebServer) -> None:
    before = await get_loader(server)
    edit = SiteEdit("Demo", ["localhost"], color="#112233")
    await server.context.store.write(set_site, "demo", edit, server.clock())
    after = await get_loader(server, **{"If-None-Match": before.headers["ETag"]})
    assert after.status == 200
    assert "#112233" in await after.text()


async def get_frame(server: WebServer, site: str = "demo", lang: str = "en") -> ClientResponse:
    return await server.client.get("/widget/frame", params={"site": site, "lang": lang})


def ancestors_of(response: ClientResponse) -> set[str]:
    found = re.search(r"frame-ancestors ([^;]+)", response.headers["Content-Security-Policy"])
    assert found
    return set(found[1].split())


async def test_only_origins_of_the_site_and_our_own_may_embed_the_frame(server: WebServer) -> None:
    await server.add_site("shop", "https://shop.example", "https://www.shop.example")
    response = await get_frame(server, "shop")
    assert ancestors_of(response) == {"'self'", "https://shop.example", "https://www.shop.example"}
    assert response.headers["Origin-Agent-Cluster"] == "?1"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"


async def test_localhost_stands_for_all_loopback_names_and_ports(server: WebServer) -> None:
    assert ancestors_of(await get_frame(server)) == {
        "'self'",
        *(f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("localhost", "*.localhost", "127.0.0.1")),
    }


async def test_frame_has_the_configuration_and_the_language(server: WebServer) -> None:
    response = await get_frame(server, lang="fr")
    page = await response.text()
    assert response.headers["Content-Language"] == "fr"
    found = re.search(r'name="guichet-config" content="([^"]+)"', page)
    assert found
    config = json.loads(unescape(found[1]))
    assert (config["key"], config["lang"]) == ("demo", "fr")
    assert {"id": "payments", "name": "Paiements"} in config["choices"]["category"]


async def test_frame_has_no_inline_code_and_its_files_are_cached(server: WebServer) -> None:
    page = await (await get_frame(server)).text()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=", page)
    for url in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        response = await server.client.get(url)
        assert response.status == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_frame_of_an_unknown_site_is_not_found(server: WebServer) -> None:
    assert (await get_frame(server, "nowhere")).status == 404
