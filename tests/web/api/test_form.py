"""The form as JSON: every bad field named, sent twice one ticket, and only from the site's own pages."""

import msgspec
import pytest
from aiohttp import ClientResponse

from tests.web.conftest import ORIGIN, House

FORM = {
    "site": "demo",
    "client_id": "zoe-form-0000001",
    "email": "zoe@example.com",
    "text": "Where is my parcel?",
}


async def sent(house: House, origin: str | None = None, **changed: object) -> ClientResponse:
    headers = {"Origin": origin} if origin else {}
    return await house.browser.post("/api/tickets", json=FORM | changed, headers=headers)


async def test_zoe_gets_a_ticket_with_its_promise_and_its_page(house: House) -> None:
    answer = await sent(house, category="payments", name="Zoe", locale="en-GB")
    told = await answer.json()
    assert answer.status == 201
    assert (told["ticket"]["status"], told["ticket"]["channel"]) == ("open", "form")
    assert told["ticket"]["promise"] == {"due": "2026-11-25T10:00:00+01:00"}
    page = await house.browser.get(told["link"].removeprefix(ORIGIN))
    assert FORM["text"] in await page.text()


async def test_the_same_form_again_is_the_same_ticket(house: House) -> None:
    first = await sent(house)
    again = await sent(house, text=f"  {FORM['text']} ")
    assert (first.status, again.status) == (201, 200)
    assert await first.json() == await again.json()


async def test_the_same_id_with_other_words_is_refused(house: House) -> None:
    await sent(house)
    other = await sent(house, text="Something else")
    assert other.status == 409
    assert (await other.json())["error"]["code"] == "conflict"


async def test_somebody_elses_token_does_not_open_the_first_ones_ticket(house: House) -> None:
    await sent(house)
    other = await sent(house, token="vic-has-a-token-of-his-own")
    assert other.status == 409


async def test_the_visitors_own_token_is_kept(house: House) -> None:
    told = await (await sent(house, token="zoe-has-a-token-of-her-own")).json()
    assert told["token"] == "zoe-has-a-token-of-her-own"


async def test_every_bad_field_is_named_and_nothing_is_stored(house: House) -> None:
    wrong = {"email": "zoe", "text": " ", "category": "plumbing", "client_id": "short", "site": "nowhere"}
    answer = await sent(house, name="Z" * 101, token="short", **wrong)
    assert answer.status == 422
    assert await answer.json() == {
        "errors": {
            "text": "empty",
            "email": "bad_request",
            "name": "too_long",
            "category": "bad_request",
            "client_id": "bad_request",
            "site": "not_found",
            "token": "bad_request",
        }
    }
    assert (await sent(house)).status == 201


async def test_an_empty_form_says_what_it_needs(house: House) -> None:
    answer = await house.browser.post("/api/tickets", json={"site": "demo"})
    assert answer.status == 422
    assert set((await answer.json())["errors"]) == {"client_id", "email", "text"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"site": "demo", "surprise": 1}',
        b'{"text": NaN}',
        b'{"text": 5}',
        b'{"text": "\\ud800 alone"}',
        b'{"text": "\xed\xa0\x80"}',
    ],
)
async def test_what_is_no_form_is_a_bad_request(house: House, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await house.browser.post("/api/tickets", data=body, headers=headers)
    assert answer.status == 400
    assert (await answer.json())["error"]["code"] == "bad_request"


async def test_a_form_needs_to_be_json(house: House) -> None:
    answer = await house.browser.post("/api/tickets", data=msgspec.json.encode(FORM))
    assert answer.status == 400


async def test_a_body_beyond_all_measure_is_not_read(house: House) -> None:
    answer = await sent(house, text="x" * 70_000)
    assert answer.status == 413
    assert (await sent(house, text="x" * 4_000)).status == 201


async def test_a_sites_page_may_send_and_read_the_answer(house: House) -> None:
    await house.has_site("shop", "https://shop.example")
    asked = await house.browser.options("/api/tickets", headers={"Origin": "https://shop.example"})
    answer = await sent(house, "https://shop.example", site="shop")
    for each in (asked, answer):
        assert each.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Access-Control-Allow-Credentials" not in each.headers
    assert answer.status == 201


async def test_a_sites_page_may_read_why_it_was_refused(house: House) -> None:
    await house.has_site("shop", "https://shop.example")
    await sent(house, site="shop")
    wrong = await sent(house, "https://shop.example", site="shop", email="zoe")
    other = await sent(house, "https://shop.example", site="shop", text="Something else")
    assert (wrong.status, other.status) == (422, 409)
    for answer in (wrong, other):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_another_sites_page_may_not(house: House, origin: str) -> None:
    asked = await house.browser.options("/api/tickets", headers={"Origin": origin})
    answer = await sent(house, origin)
    assert "Access-Control-Allow-Origin" not in asked.headers
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_one_site_does_not_speak_for_another(house: House) -> None:
    await house.has_site("shop", "https://shop.example")
    answer = await sent(house, "https://shop.example", site="demo")
    assert answer.status == 403


async def test_localhost_pages_may_use_the_demo_site(house: House) -> None:
    for number, origin in enumerate(("http://localhost:3000", "http://app.localhost", "http://127.0.0.1:5173")):
        answer = await sent(house, origin, client_id=f"zoe-form-000000{number}")
        assert answer.status == 201


async def test_five_forms_a_minute_are_enough_for_one_visitor(house: House) -> None:
    token = "vic-has-a-token-of-his-own"
    answers = [await sent(house, client_id=f"vic-form-000000{number}", token=token) for number in range(6)]
    assert [answer.status for answer in answers] == [201] * 5 + [429]
    told = await answers[-1].json()
    assert 0 < told["error"]["retry_after"] <= 60
    assert answers[-1].headers["Retry-After"] == str(told["error"]["retry_after"])
    assert (await sent(house, client_id="zoe-form-0000009")).status == 201


async def test_an_address_has_ten_times_as_many(house: House) -> None:
    forms = [await sent(house, client_id=f"form-{number:012}") for number in range(51)]
    assert [form.status for form in forms] == [201] * 50 + [429]
