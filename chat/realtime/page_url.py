"""Pages: what is kept of the address a visitor is on."""

from urllib.parse import urlsplit

from chat import protocol


def stored_page(page: protocol.SeenPage | protocol.SetPage) -> dict[str, str]:
    """Without query and fragment, which hold what is nobody's business; only web addresses become links."""
    referrer = page.referrer if isinstance(page, protocol.SeenPage) else ""
    return {"url": stored_url(page.url), "title": page.title[:200], "referrer": stored_url(referrer)}


def stored_url(url: str) -> str:
    """An http address up to its path; anything else is nothing."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    web_address = parts.scheme in ("http", "https") and parts.hostname
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}" if web_address else ""
