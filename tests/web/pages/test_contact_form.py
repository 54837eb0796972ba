"""The form as a page, by hand: no script, nothing lost when something is missing, no robots."""

import re
from html import unescape
from urllib.parse import urlsplit

from aiohttp import ClientResponse

from tests.web.conftest import House

FILLED = {"text": "Où est mon colis ?", "email": "zoe@example.com", "name": "Zoe", "category": "payments"}


async def opened(house: House, **query: str) -> str:
    answer = await house.browser.get("/contact", params={"site": "demo"} | query)
    assert answer.status == 200
    return await answer.text()


def stamp_in(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


async def filled(house: House, stamp: str, lang: str = "fr", **changed: str) -> ClientResponse:
    """As a browser sends it, some seconds after the page was opened."""
    house.clock.passes(seconds=20)
    form = {"form": stamp} | FILLED | changed
    query = {"site": "demo", "lang": lang}
    return await house.browser.post("/contact", params=query, data=form, allow_redirects=False)


async def test_zoe_writes_and_lands_on_her_tickets_page(house: House) -> None:
    answer = await filled(house, stamp_in(await opened(house)))
    assert answer.status == 303
    target = urlsplit(answer.headers["Location"])
    page = await (await house.browser.get(f"{target.path}?{target.query}")).text()
    assert "Merci, votre message est bien arrivé." in page
    assert "mercredi 25\u00a0novembre à 10\u00a0h" in page
    assert "Où est mon colis ?" in page


async def test_sent_twice_it_is_one_ticket(house: House) -> None:
    stamp = stamp_in(await opened(house))
    first, again = await filled(house, stamp), await filled(house, stamp)
    assert first.headers["Location"] == again.headers["Location"]


async def test_mistakes_stand_beside_their_fields_and_the_words_are_kept(house: House) -> None:
    stamp = stamp_in(await opened(house))
    answer = await filled(house, stamp, email="zoe", text="  ", name="<Zoe>", lang="en")
    page = await answer.text()
    assert answer.status == 422
    assert "This address does not look complete" in page
    assert "Write us a few words." in page
    assert 'value="&lt;Zoe&gt;"' in page
    assert '<option value="payments" selected>' in page
    assert stamp_in(page) == stamp
    assert (await filled(house, stamp)).status == 303


async def test_a_text_that_is_too_long_says_by_how_much(house: House) -> None:
    answer = await filled(house, stamp_in(await opened(house)), text="x" * 4_012, lang="en")
    assert "longer than 4,000 characters, by 12" in await answer.text()


async def test_gone_back_and_written_anew_it_can_become_a_second_request(house: House) -> None:
    stamp = stamp_in(await opened(house))
    first = await filled(house, stamp)
    answer = await filled(house, stamp, text="Et ma facture ?")
    page = await answer.text()
    assert answer.status == 409
    assert "Et ma facture ?" in page
    second = await filled(house, stamp_in(page), text="Et ma facture ?")
    assert second.status == 303
    assert second.headers["Location"] != first.headers["Location"]


async def test_what_a_robot_fills_in_is_not_sent(house: House) -> None:
    answer = await filled(house, stamp_in(await opened(house)), website="https://spam.example")
    assert answer.status == 422
    assert "Où est mon colis ?" in await answer.text()


async def test_no_form_is_filled_in_within_a_blink_or_without_being_opened(house: House) -> None:
    stamp = stamp_in(await opened(house))
    form = {"form": stamp} | FILLED
    blink = await house.browser.post("/contact", params={"site": "demo"}, data=form)
    made_up = await filled(house, "made-up-by-a-robot.aaaaaa.bbbbbb")
    house.clock.passes(days=2)
    stale = await filled(house, stamp)
    assert [answer.status for answer in (blink, made_up, stale)] == [422, 422, 422]
    assert (await filled(house, stamp_in(await stale.text()))).status == 303


async def test_too_many_keeps_the_words(house: House) -> None:
    for number in range(50):
        form = {"site": "demo", "client_id": f"form-{number:012}", "email": "v@example.com", "text": "Hello"}
        assert (await house.browser.post("/api/tickets", json=form)).status == 201
    answer = await filled(house, stamp_in(await opened(house)))
    assert answer.status == 429
    assert "votre texte est gardé" in await answer.text()
    assert "Où est mon colis ?" in await answer.text()


async def test_the_page_says_when_the_desk_opens(house: House) -> None:
    assert "Le service est ouvert." in await opened(house)
    house.clock.passes(hours=12)
    assert "Réouverture mardi 24\u00a0novembre à 9\u00a0h." in await opened(house)
    assert "It opens again on Tuesday 24\u00a0November at 9:00." in await opened(house, lang="en")
    house.clock.passes(days=4.5)
    assert "Service réduit" in await opened(house)


async def test_another_sites_page_can_not_send_it(house: House) -> None:
    stamp = stamp_in(await opened(house))
    house.clock.passes(seconds=20)
    form, headers = {"form": stamp} | FILLED, {"Origin": "https://evil.example"}
    answer = await house.browser.post("/contact", params={"site": "demo"}, data=form, headers=headers)
    assert answer.status == 403
    assert (await filled(house, stamp)).status == 303


async def test_an_unknown_site_has_no_form(house: House) -> None:
    answer = await house.browser.get("/contact?site=nowhere&lang=en")
    assert answer.status == 404
    assert "There is nothing here" in await answer.text()
