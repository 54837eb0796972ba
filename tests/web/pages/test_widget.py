"""The loader and the frame as they are served: configuration, encodings, and who may show them."""

import json
import re
from html import unescape

from aiohttp import ClientResponse

from chat.domain.people.sites import SiteEdit, set_site
from tests.web.conftest import ORIGIN, House


async def loader(house: House, site: str = "demo", **headers: str) -> ClientResponse:
    return await house.browser.get("/widget.js", params={"site": site}, headers=headers)


async def test_the_loader_carries_its_sites_configuration(house: House) -> None:
    edit = SiteEdit("Shop", ["https://shop.example"], color="#aa3300")
    await house.doors.store.write(set_site, "shop", edit, house.clock())
    answer = await loader(house, "shop")
    script = await answer.text()
    assert answer.status == 200
    assert answer.content_type == "text/javascript"
    assert f'"key":"shop","origin":"{ORIGIN}"' in script
    assert '"color":"#aa3300"' in script
    assert "__GUICHET_CONFIG__" not in script


async def test_it_may_be_kept_for_five_minutes_and_asked_for_anew(house: House) -> None:
    first = await loader(house)
    assert first.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = await loader(house, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


async def test_it_comes_in_the_smallest_encoding_that_is_understood(house: House) -> None:
    plain = await (await loader(house, **{"Accept-Encoding": "identity"})).read()
    for accepted, name in (("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("gzip, br;q=0", "gzip")):
        answer = await loader(house, **{"Accept-Encoding": accepted})
        assert answer.headers["Content-Encoding"] == name
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert await answer.read() == plain


async def test_an_unknown_site_says_so_to_whoever_opens_the_address(house: House) -> None:
    answer = await loader(house, "nowhere")
    assert answer.status == 404
    assert (await answer.text()).startswith("// Guichet: no site has this key.")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_change_of_the_site_changes_the_loader(house: House) -> None:
    before = await loader(house)
    edit = SiteEdit("Demo", ["localhost"], color="#112233")
    await house.doors.store.write(set_site, "demo", edit, house.clock())
    after = await loader(house, **{"If-None-Match": before.headers["ETag"]})
    assert after.status == 200
    assert "#112233" in await after.text()


async def frame(house: House, site: str = "demo", lang: str = "en") -> ClientResponse:
    return await house.browser.get("/widget/frame", params={"site": site, "lang": lang})


def ancestors_of(answer: ClientResponse) -> set[str]:
    found = re.search(r"frame-ancestors ([^;]+)", answer.headers["Content-Security-Policy"])
    assert found
    return set(found[1].split())


async def test_only_the_sites_origins_and_our_own_pages_may_show_the_frame(house: House) -> None:
    await house.has_site("shop", "https://shop.example", "https://www.shop.example")
    answer = await frame(house, "shop")
    assert ancestors_of(answer) == {"'self'", "https://shop.example", "https://www.shop.example"}
    assert answer.headers["Origin-Agent-Cluster"] == "?1"


async def test_localhost_means_all_its_names_and_ports(house: House) -> None:
    assert ancestors_of(await frame(house)) == {
        "'self'",
        *(f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("localhost", "*.localhost", "127.0.0.1")),
    }


async def test_the_frame_knows_its_site_and_speaks_its_language(house: House) -> None:
    answer = await frame(house, lang="fr")
    page = await answer.text()
    assert answer.headers["Content-Language"] == "fr"
    found = re.search(r'name="guichet-config" content="([^"]+)"', page)
    assert found
    config = json.loads(unescape(found[1]))
    assert (config["key"], config["lang"], config["parents"]) == ("demo", "fr", ["localhost"])
    assert {"id": "payments", "name": "Paiements"} in config["choices"]["category"]


async def test_the_frame_and_what_it_loads_need_no_inline_script(house: House) -> None:
    page = await (await frame(house)).text()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=", page)
    for url in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        answer = await house.browser.get(url)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_an_unknown_site_has_no_frame(house: House) -> None:
    assert (await frame(house, "nowhere")).status == 404
