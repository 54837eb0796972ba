"""The widget's loader script, which sites embed, and the page of its frame, which has the chat."""

import json
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web

from chat.domain.intake.form_fields import field_choices
from chat.domain.people import sites
from chat.store.rows import SiteRow
from chat.vocabulary import LOCALES, Locale
from chat.web.core.assets import Asset, Assets
from chat.web.core.context import context_of
from chat.web.core.i18n import choice_label, language_of, translate
from chat.web.core.middleware import content_security_policy
from chat.web.core.origins import frame_ancestors
from chat.web.core.responses import render_in
from chat.web.core.sites import require_site

PLACEHOLDER = "__GUICHET_CONFIG__"
LOADER_TEXTS = ("open", "close", "title", "failed", "retry", "contact")
LOADER_CACHE = "public, max-age=300, stale-while-revalidate=86400"
CROSS_ORIGIN = {"Cross-Origin-Resource-Policy": "cross-origin"}


async def get_loader(request: web.Request) -> web.Response:
    """The loader script of `?site=KEY` with its configuration. It has no opening state, since caches store it: that
    comes with hello."""
    context = context_of(request)
    site = await context.store.read(sites.site_by_key, request.query.get("site", ""))
    if site is None:
        return unknown_site_response()
    script = configured_loader(context.assets, site.key, site.color, context.settings.public_url)
    response = script.respond(request, LOADER_CACHE)
    response.headers.update(CROSS_ORIGIN)
    return response


@lru_cache(maxsize=256)
def configured_loader(assets: Assets, key: str, color: str | None, public_url: str) -> Asset:
    """The loader of one site. Cached, because compressing it well takes longer than sending it."""
    config = {
        "key": key,
        "origin": public_url,
        "texts": {one: {name: translate(one, f"loader.{name}") for name in LOADER_TEXTS} for one in LOCALES},
        "color": color,
    }
    source = assets.loader().plain.decode()
    return Asset("text/javascript; charset=utf-8", source.replace(PLACEHOLDER, js_literal(config), 1).encode())


def js_literal(value: object) -> str:
    """JSON that is also JavaScript and, with its `<` escaped, harmless inside HTML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def unknown_site_response() -> web.Response:
    """404 with a script that browsers do not run. Their console shows its URL; a person who opens it reads why."""
    text = "// Guichet: no site has this key. Compare it with those that `python -m chat site list` prints.\n"
    headers = {"Cache-Control": "no-store", **CROSS_ORIGIN}
    return web.Response(text=text, status=404, content_type="text/javascript", headers=headers)


async def get_frame(request: web.Request) -> web.Response:
    """The page of the widget's frame for `?site=KEY&lang=LANGUAGE`; only pages of the site's origins may embed it."""
    context, site, language = context_of(request), await require_site(request), language_of(request)
    values = {
        "config": js_literal(frame_config(site, language, await context.store.read(field_choices))),
        "pack": context.assets.chunk_url("widget", f"locales/{language}.ts"),
    }
    response = render_in(request, language, "frame.html", values | context.assets.entry_point("widget")._asdict())
    response.headers.update(CROSS_ORIGIN)
    # A page that requires CORP of everything it embeds also requires this of a frame. All that this one loads is ours.
    response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    response.headers["Content-Security-Policy"] = content_security_policy(frame_ancestors(site.origins))
    # Asks the browser to run the frame on a thread of its own.
    response.headers["Origin-Agent-Cluster"] = "?1"
    response.enable_compression()
    return response


def frame_config(site: SiteRow, language: Locale, choices: Mapping[str, list[str]]) -> dict[str, object]:
    """The configuration that the frame needs before it connects."""
    return {
        "key": site.key,
        "lang": language,
        "choices": {
            field: [{"id": name, "name": choice_label(language, field, name)} for name in names]
            for field, names in choices.items()
        },
        "name": None if site.key == "demo" else site.name,
        "color": site.color,
    }
