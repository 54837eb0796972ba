"""The URL of a visited page: stored without user info, query and fragment, and only if it is a web address."""

import pytest

from chat.domain.text import public_url_without_query


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://shop.test/cart?token=1#pay", "https://shop.test/cart"),
        ("https://shop.test", "https://shop.test"),
        ("HTTPS://Shop.Test/Cart", "https://shop.test/Cart"),
        ("http://localhost:8000/a", "http://localhost:8000/a"),
        ("http://vic:secret@shop.test:8000/a", "http://shop.test:8000/a"),
        ("http://vic@[::1]/a", "http://[::1]/a"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
        ("http://[2001:DB8::1]:8000/a?b", "http://[2001:db8::1]:8000/a"),
        ("http://shop.test:/a", "http://shop.test/a"),
        ("http://shop.test:99999/a", ""),
        ("http://shop.test:port/a", ""),
        ("http://[::1/a", ""),
        ("http:///a", ""),
        ("http://vic@/a", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,a", ""),
        ("file:///etc/passwd", ""),
        ("ftp://shop.test/a", ""),
        ("//shop.test/a", ""),
        ("/cart", ""),
        ("", ""),
    ],
)
def test_page_url_is_stored_without_user_info_query_and_fragment(url: str, stored: str) -> None:
    assert public_url_without_query(url) == stored


@pytest.mark.parametrize("url", ["http://[::1]:8000/a?b", "https://vic@shop.test/a#b"])
def test_stripping_a_stored_page_url_again_changes_nothing(url: str) -> None:
    stored = public_url_without_query(url)
    assert public_url_without_query(stored) == stored != ""
