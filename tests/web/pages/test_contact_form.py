"""The form as a page, by hand: no script, nothing lost when something is missing, no robots."""

import re
from html import unescape
from urllib.parse import urlsplit

from aiohttp import ClientResponse

from tests.web.conftest import WebServer

FORM = {"text": "Où est mon colis ?", "email": "zoe@example.com", "name": "Zoe", "category": "payments"}


async def open_form(server: WebServer, **query: str) -> str:
    response = await server.client.get("/contact", params={"site": "demo"} | query)
    assert response.status == 200
    return await response.text()


def stamp_in(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


async def submit_form(server: WebServer, stamp: str, lang: str = "fr", **changed: str) -> ClientResponse:
    """As a browser sends it, some seconds after the page was opened."""
    server.clock.advance(seconds=20)
    form = {"form": stamp} | FORM | changed
    query = {"site": "demo", "lang": lang}
    return await server.client.post("/contact", params=query, data=form, allow_redirects=False)


async def test_zoe_writes_and_lands_on_her_tickets_page(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)))
    assert response.status == 303
    target = urlsplit(response.headers["Location"])
    page = await (await server.client.get(f"{target.path}?{target.query}")).text()
    assert "Merci, votre message est bien arrivé." in page
    assert "mercredi 25\u00a0novembre à 10\u00a0h" in page
    assert "Où est mon colis ?" in page


async def test_sent_twice_it_is_one_ticket(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    first, again = await submit_form(server, stamp), await submit_form(server, stamp)
    assert first.headers["Location"] == again.headers["Location"]


async def test_mistakes_stand_beside_their_fields_and_the_words_are_kept(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    response = await submit_form(server, stamp, email="zoe", text="  ", name="<Zoe>", lang="en")
    page = await response.text()
    assert response.status == 422
    assert "This address does not look complete" in page
    assert "Write us a few words." in page
    assert 'value="&lt;Zoe&gt;"' in page
    assert '<option value="payments" selected>' in page
    assert stamp_in(page) == stamp
    assert (await submit_form(server, stamp)).status == 303


async def test_a_text_that_is_too_long_says_by_how_much(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)), text="x" * 4_012, lang="en")
    assert "longer than 4,000 characters, by 12" in await response.text()


async def test_gone_back_and_written_anew_it_can_become_a_second_request(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    first = await submit_form(server, stamp)
    response = await submit_form(server, stamp, text="Et ma facture ?")
    page = await response.text()
    assert response.status == 409
    assert "Et ma facture ?" in page
    second = await submit_form(server, stamp_in(page), text="Et ma facture ?")
    assert second.status == 303
    assert second.headers["Location"] != first.headers["Location"]


async def test_what_a_robot_fills_in_is_not_sent(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)), website="https://spam.example")
    assert response.status == 422
    assert "Où est mon colis ?" in await response.text()


async def test_no_form_is_filled_in_within_a_blink_or_without_being_opened(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    form = {"form": stamp} | FORM
    blink = await server.client.post("/contact", params={"site": "demo"}, data=form)
    made_up = await submit_form(server, "made-up-by-a-robot.aaaaaa.bbbbbb")
    server.clock.advance(days=2)
    stale = await submit_form(server, stamp)
    assert [response.status for response in (blink, made_up, stale)] == [422, 422, 422]
    assert (await submit_form(server, stamp_in(await stale.text()))).status == 303


async def test_too_many_keeps_the_words(server: WebServer) -> None:
    for number in range(50):
        form = {"site": "demo", "client_id": f"form-{number:012}", "email": "v@example.com", "text": "Hello"}
        assert (await server.client.post("/api/tickets", json=form)).status == 201
    response = await submit_form(server, stamp_in(await open_form(server)))
    assert response.status == 429
    assert "votre texte est gardé" in await response.text()
    assert "Où est mon colis ?" in await response.text()


async def test_the_page_says_when_the_desk_opens(server: WebServer) -> None:
    assert "Le service est ouvert." in await open_form(server)
    server.clock.advance(hours=12)
    assert "Réouverture mardi 24\u00a0novembre à 9\u00a0h." in await open_form(server)
    assert "It opens again on Tuesday 24\u00a0November at 9:00." in await open_form(server, lang="en")
    server.clock.advance(days=4.5)
    assert "Service réduit" in await open_form(server)


async def test_another_sites_page_can_not_send_it(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    server.clock.advance(seconds=20)
    form, headers = {"form": stamp} | FORM, {"Origin": "https://evil.example"}
    response = await server.client.post("/contact", params={"site": "demo"}, data=form, headers=headers)
    assert response.status == 403
    assert (await submit_form(server, stamp)).status == 303


async def test_an_unknown_site_has_no_form(server: WebServer) -> None:
    response = await server.client.get("/contact?site=nowhere&lang=en")
    assert response.status == 404
    assert "There is nothing here" in await response.text()
