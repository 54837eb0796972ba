"""The page that a visitor is on, as it is stored."""

from chat import protocol
from chat.domain.text import public_url_without_query


def stored_page(page: protocol.SeenPage | protocol.SetPage) -> dict[str, str]:
    """URLs without query and fragment: both may contain secrets of the page."""
    referrer = page.referrer if isinstance(page, protocol.SeenPage) else ""
    return {
        "url": public_url_without_query(page.url),
        "title": page.title[:200],
        "referrer": public_url_without_query(referrer),
    }
