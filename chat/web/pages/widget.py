"""The widget's two files: the loader for host pages, and the frame that holds the chat."""

import json
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web

from chat.domain.intake.form_fields import field_choices
from chat.domain.people import sites
from chat.store.rows import SiteRow
from chat.vocabulary import Locale
from chat.web.core.assets import Asset, Assets
from chat.web.core.context import context_of
from chat.web.core.i18n import choice_label, language_of
from chat.web.core.middleware import policy
from chat.web.core.origins import sources
from chat.web.core.rate_limits import site_of
from chat.web.core.responses import render_in

PLACEHOLDER = "__GUICHET_CONFIG__"
# The loader's words, which the widget's build brings.
TEXTS = "widget/loader.json"
LOADER_CACHE = "public, max-age=300, stale-while-revalidate=86400"
ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}


async def get_loader(request: web.Request) -> web.Response:
    """`?site=KEY`: the loader, its configuration inlined; never the opening state, which comes by hello."""
    context = context_of(request)
    site = await context.store.read(sites.site_by_key, request.query.get("site", ""))
    if site is None:
        return unknown_site()
    made = loader(context.assets, site.key, site.color, context.settings.public_url)
    answer = made.answer(request, LOADER_CACHE)
    answer.headers.update(ANYWHERE)
    return answer


@lru_cache(maxsize=256)
def loader(assets: Assets, key: str, color: str | None, public_url: str) -> Asset:
    """The loader of one site; made once, for compressing it well takes longer than sending it."""
    config = {
        "key": key,
        "origin": public_url,
        "texts": json.loads(assets.files[TEXTS].plain),
        "color": color,
        "position": "right",
    }
    source = assets.loader().plain.decode()
    return Asset("text/javascript; charset=utf-8", source.replace(PLACEHOLDER, literal(config), 1).encode())


def literal(value: object) -> str:
    """JSON that is JavaScript as well, and harmless should it ever stand in markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def unknown_site() -> web.Response:
    """A browser does not run what comes with a 404, but names its address: whoever opens that reads this."""
    text = "// Guichet: no site has this key. Compare it with those that `python -m chat site list` tells.\n"
    headers = {"Cache-Control": "no-store", **ANYWHERE}
    return web.Response(text=text, status=404, content_type="text/javascript", headers=headers)


async def get_frame(request: web.Request) -> web.Response:
    """`?site=KEY&lang=`: the chat's own page, for the site's origins only, on a thread of its own."""
    context, site, language = context_of(request), await site_of(request), language_of(request)
    values = {
        "config": literal(frame_config(site, language, await context.store.read(field_choices))),
        "pack": context.assets.part("widget", f"locales/{language}.ts"),
        "contact": f"/contact?site={site.key}&lang={language}",
    }
    answer = render_in(request, language, "frame.html", values | context.assets.entry("widget")._asdict())
    answer.headers.update(ANYWHERE)
    answer.headers["Content-Security-Policy"] = policy(sources(site.origins))
    answer.headers["Origin-Agent-Cluster"] = "?1"
    answer.enable_compression()
    return answer


def frame_config(site: SiteRow, language: Locale, choices: Mapping[str, list[str]]) -> dict[str, object]:
    """What the frame must know before it speaks to the server."""
    return {
        "key": site.key,
        "lang": language,
        "parents": site.origins,
        "choices": {
            field: [{"id": name, "name": choice_label(language, field, name)} for name in names]
            for field, names in choices.items()
        },
        "name": None if site.key == "demo" else site.name,
        "color": site.color,
    }
