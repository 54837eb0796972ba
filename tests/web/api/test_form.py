"""The form as JSON: errors by field, repeated requests, allowed origins and rate limits."""

import msgspec
import pytest
from aiohttp import ClientResponse

from tests.web.conftest import ORIGIN, WebServer

FORM = {
    "site": "demo",
    "client_id": "zoe-form-0000001",
    "email": "zoe@example.com",
    "text": "Where is my parcel?",
}


async def post_form(server: WebServer, origin: str | None = None, **changes: object) -> ClientResponse:
    headers = {"Origin": origin} if origin else {}
    return await server.client.post("/api/tickets", json=FORM | changes, headers=headers)


async def test_form_creates_a_ticket_with_promise_and_page(server: WebServer) -> None:
    response = await post_form(server, category="payments", name="Zoe", locale="en-GB")
    body = await response.json()
    assert response.status == 201
    assert (body["ticket"]["status"], body["ticket"]["channel"]) == ("open", "form")
    assert body["ticket"]["promise"] == {"due": "2026-11-25T10:00:00+01:00"}
    page = await server.client.get(body["link"].removeprefix(ORIGIN))
    assert FORM["text"] in await page.text()


async def test_repeated_form_returns_the_same_ticket(server: WebServer) -> None:
    first = await post_form(server)
    again = await post_form(server, text=f"  {FORM['text']} ")
    assert (first.status, again.status) == (201, 200)
    assert await first.json() == await again.json()


async def test_same_client_id_with_another_text_is_a_conflict(server: WebServer) -> None:
    await post_form(server)
    other = await post_form(server, text="Something else")
    assert other.status == 409
    assert (await other.json())["error"]["code"] == "conflict"


async def test_same_client_id_with_another_token_is_a_conflict(server: WebServer) -> None:
    await post_form(server)
    other = await post_form(server, token="vic-has-a-token-of-his-own")
    assert other.status == 409


async def test_response_has_the_token_that_the_visitor_sent(server: WebServer) -> None:
    body = await (await post_form(server, token="zoe-has-a-token-of-her-own")).json()
    assert body["token"] == "zoe-has-a-token-of-her-own"


async def test_every_bad_field_is_named_and_nothing_is_stored(server: WebServer) -> None:
    wrong = {"email": "zoe", "text": " ", "category": "plumbing", "client_id": "short", "site": "nowhere"}
    response = await post_form(server, name="Z" * 101, token="short", **wrong)
    assert response.status == 422
    assert await response.json() == {
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
    assert (await post_form(server)).status == 201


async def test_empty_form_names_the_required_fields(server: WebServer) -> None:
    response = await server.client.post("/api/tickets", json={"site": "demo"})
    assert response.status == 422
    assert set((await response.json())["errors"]) == {"client_id", "email", "text"}


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
async def test_malformed_body_is_a_bad_request(server: WebServer, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await server.client.post("/api/tickets", data=body, headers=headers)
    assert response.status == 400
    assert (await response.json())["error"]["code"] == "bad_request"


async def test_body_that_is_not_json_is_a_bad_request(server: WebServer) -> None:
    response = await server.client.post("/api/tickets", data=msgspec.json.encode(FORM))
    assert response.status == 400


async def test_body_above_the_size_limit_is_refused(server: WebServer) -> None:
    response = await post_form(server, text="x" * 70_000)
    assert response.status == 413
    assert (await post_form(server, text="x" * 4_000)).status == 201


async def test_page_of_a_site_may_send_the_form_and_read_the_response(server: WebServer) -> None:
    await server.add_site("shop", "https://shop.example")
    preflight = await server.client.options("/api/tickets", headers={"Origin": "https://shop.example"})
    response = await post_form(server, "https://shop.example", site="shop")
    for headers in (preflight.headers, response.headers):
        assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Access-Control-Allow-Credentials" not in headers
    assert response.status == 201


async def test_page_of_a_site_may_read_refusals(server: WebServer) -> None:
    await server.add_site("shop", "https://shop.example")
    await post_form(server, site="shop")
    wrong = await post_form(server, "https://shop.example", site="shop", email="zoe")
    other = await post_form(server, "https://shop.example", site="shop", text="Something else")
    assert (wrong.status, other.status) == (422, 409)
    for response in (wrong, other):
        assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_page_of_another_origin_is_refused(server: WebServer, origin: str) -> None:
    preflight = await server.client.options("/api/tickets", headers={"Origin": origin})
    response = await post_form(server, origin)
    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert response.status == 403
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_page_of_one_site_may_not_send_the_form_of_another(server: WebServer) -> None:
    await server.add_site("shop", "https://shop.example")
    response = await post_form(server, "https://shop.example", site="demo")
    assert response.status == 403


async def test_localhost_pages_may_use_the_demo_site(server: WebServer) -> None:
    for number, origin in enumerate(("http://localhost:3000", "http://app.localhost", "http://127.0.0.1:5173")):
        response = await post_form(server, origin, client_id=f"zoe-form-000000{number}")
        assert response.status == 201


async def test_a_visitor_may_send_five_forms_a_minute(server: WebServer) -> None:
    token = "vic-has-a-token-of-his-own"
    responses = [await post_form(server, client_id=f"vic-form-000000{number}", token=token) for number in range(6)]
    assert [response.status for response in responses] == [201] * 5 + [429]
    body = await responses[-1].json()
    assert 0 < body["error"]["retry_after"] <= 60
    assert responses[-1].headers["Retry-After"] == str(body["error"]["retry_after"])
    assert (await post_form(server, client_id="zoe-form-0000009")).status == 201


async def test_an_address_may_send_ten_times_as_many(server: WebServer) -> None:
    forms = [await post_form(server, client_id=f"form-{number:012}") for number in range(51)]
    assert [form.status for form in forms] == [201] * 50 + [429]
