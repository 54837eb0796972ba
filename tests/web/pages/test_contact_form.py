"""The form as a page without script: errors, values that are shown again, and the spam trap."""

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


async def submit_form(server: WebServer, stamp: str, lang: str = "fr", **changes: str) -> ClientResponse:
    """Send the form as a browser does, 20 seconds after the page was opened."""
    server.clock.advance(seconds=20)
    form = {"form": stamp} | FORM | changes
    query = {"site": "demo", "lang": lang}
    return await server.client.post("/contact", params=query, data=form, allow_redirects=False)


async def test_form_redirects_to_the_tickets_page(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)))
    assert response.status == 303
    target = urlsplit(response.headers["Location"])
    page = await (await server.client.get(f"{target.path}?{target.query}")).text()
    assert "Merci, votre message est bien arrivé." in page
    assert "mercredi 25\u00a0novembre à 10\u00a0h" in page
    assert "Où est mon colis ?" in page


async def test_form_sent_twice_makes_one_ticket(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    first, again = await submit_form(server, stamp), await submit_form(server, stamp)
    assert first.headers["Location"] == again.headers["Location"]


async def test_page_shows_errors_at_their_fields_with_the_values(server: WebServer) -> None:
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


async def test_error_of_a_long_text_says_by_how_much(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)), text="x" * 4_012, lang="en")
    assert "longer than 4,000 characters, by 12" in await response.text()


async def test_changed_form_with_an_old_stamp_can_become_a_second_ticket(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    first = await submit_form(server, stamp)
    response = await submit_form(server, stamp, text="Et ma facture ?")
    page = await response.text()
    assert response.status == 409
    assert "Et ma facture ?" in page
    second = await submit_form(server, stamp_in(page), text="Et ma facture ?")
    assert second.status == 303
    assert second.headers["Location"] != first.headers["Location"]


async def test_bad_fields_come_before_the_spam_trap(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    for form in ({"form": stamp}, {"form": stamp, "website": "x", "text": " "}, {"email": "zoe", "text": "Hello"}):
        response = await server.client.post("/contact", params={"site": "demo", "lang": "en"}, data=form)
        page = await response.text()
        assert response.status == 422
        assert "Correct the marked fields. Your text is kept." in page
        assert "we could not check" not in page
        assert ("Write us a few words." in page) == (form.get("text", "").strip() == "")
    # Without a bad field the trap says why; and the page of a bad stamp has a good one.
    at_once = await server.client.post("/contact", params={"site": "demo", "lang": "en"}, data={"form": stamp} | FORM)
    assert "we could not check" in await at_once.text()
    fresh = stamp_in(await at_once.text())
    assert fresh != stamp
    assert (await submit_form(server, fresh)).status == 303


async def test_a_form_beyond_the_limit_of_a_body_is_refused_in_words(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    for language, words in (("en", "This message is too long"), ("fr", "Ce message est trop long")):
        response = await submit_form(server, stamp, text="x" * 300_000, lang=language)
        assert (response.status, words in await response.text()) == (413, True)


async def test_form_with_the_honeypot_filled_in_is_refused(server: WebServer) -> None:
    response = await submit_form(server, stamp_in(await open_form(server)), website="https://spam.example")
    assert response.status == 422
    assert "Où est mon colis ?" in await response.text()


async def test_form_with_a_too_new_a_forged_or_an_old_stamp_is_refused(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    form = {"form": stamp} | FORM
    too_new = await server.client.post("/contact", params={"site": "demo"}, data=form)
    forged = await submit_form(server, "made-up-by-a-robot.aaaaaa.bbbbbb")
    server.clock.advance(days=2)
    stale = await submit_form(server, stamp)
    assert [response.status for response in (too_new, forged, stale)] == [422, 422, 422]
    assert (await submit_form(server, stamp_in(await stale.text()))).status == 303


async def test_page_of_a_rate_limited_form_has_the_values(server: WebServer) -> None:
    for number in range(50):
        form = {"site": "demo", "client_id": f"form-{number:012}", "email": "v@example.com", "text": "Hello"}
        assert (await server.client.post("/api/tickets", json=form)).status == 201
    response = await submit_form(server, stamp_in(await open_form(server)))
    assert response.status == 429
    assert "votre texte est gardé" in await response.text()
    assert "Où est mon colis ?" in await response.text()


async def test_page_shows_the_opening_state(server: WebServer) -> None:
    assert "Le service est ouvert." in await open_form(server)
    server.clock.advance(hours=12)
    assert "Réouverture mardi 24\u00a0novembre à 9\u00a0h." in await open_form(server)
    assert "It opens again on Tuesday 24\u00a0November at 9:00." in await open_form(server, lang="en")
    server.clock.advance(days=4.5)
    assert "Service réduit" in await open_form(server)


async def test_page_of_another_origin_can_not_send_the_form(server: WebServer) -> None:
    stamp = stamp_in(await open_form(server))
    server.clock.advance(seconds=20)
    form, headers = {"form": stamp} | FORM, {"Origin": "https://evil.example"}
    response = await server.client.post("/contact", params={"site": "demo"}, data=form, headers=headers)
    assert response.status == 403
    assert (await submit_form(server, stamp)).status == 303


async def test_form_of_an_unknown_site_is_not_found(server: WebServer) -> None:
    response = await server.client.get("/contact?site=nowhere&lang=en")
    assert response.status == 404
    assert "Page not found" in await response.text()
