"""Small websites that embed the widget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from string import Template

from aiohttp import web

PAGE = Template(
    '<!doctype html><html lang="$lang"><head><meta charset="utf-8"><title>$title</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">$head</head><body><main><h1>$title</h1>'
    '<p><label>Un champ de la page <input id="host"></label></p><p><a href="/second">La page suivante</a></p>'
    "$more</main></body></html>"
)
LOADER_SCRIPT = '<script async src="$chat/widget.js?site=demo"></script>'
STRICT_CSP = Template(
    "default-src 'none'; script-src $chat; frame-src $chat; style-src 'none'; base-uri 'none'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
STRICT_HEADERS = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
# The calls that a page can make before the loader has loaded.
EARLY_CALLS = (
    "<script>window.guichet=function(){(guichet.q=guichet.q||[]).push(arguments)};"
    "guichet('prefill',{email:'vic@exemple.fr',text:'Une question sur la page'});"
    "guichet('on','open',()=>{document.title='ouvert'})</script>"
)
SINGLE_PAGE_ROUTER = (
    '<p><button id="basket">Panier</button></p>'
    "<script>basket.onclick=()=>{history.pushState({},'','/app/basket?session=secret');"
    "document.title='Votre panier';document.querySelector('h1').textContent='Votre panier'}</script>"
)


def page(lang: str, title: str, head: str = LOADER_SCRIPT, body: str = "") -> str:
    """The HTML of one page; the chat server's address is filled in later."""
    return PAGE.substitute(lang=lang, title=title, head=head, more=body)


PAGES = {
    "/": page("fr", "Les carnets de la lune"),
    "/second": page("fr", "La page suivante"),
    "/en": page("en", "Moon notebooks"),
    "/capitals": page("FR", "Les carnets de la lune"),
    "/underscore": page("fr_CA", "Les carnets de la lune"),
    "/frisian": page("frr", "Moanenbuk"),
    "/twice": page("fr", "Deux fois", LOADER_SCRIPT + LOADER_SCRIPT),
    "/strict": page("fr", "Une page stricte"),
    "/app": page("fr", "Une seule page", body=SINGLE_PAGE_ROUTER),
    "/early": page("fr", "Appels d’avance", EARLY_CALLS + LOADER_SCRIPT),
    "/help": page("fr", "Besoin d’aide", body="<button onclick=\"guichet('open')\">Aide</button>"),
    "/bare": page("fr", "Sans le widget", ""),
}


async def serve_page(chat_url: str, request: web.Request) -> web.Response:
    """Every host name serves the same pages; every path under /app/ serves the single-page site."""
    path = "/app" if request.path.startswith("/app/") else request.path
    if path not in PAGES:
        return web.Response(status=404)
    headers = STRICT_HEADERS | {"Content-Security-Policy": STRICT_CSP.substitute(chat=chat_url)}
    text = Template(PAGES[path]).substitute(chat=chat_url)
    return web.Response(text=text, content_type="text/html", headers=headers if path == "/strict" else None)


@asynccontextmanager
async def serve_websites(chat_url: str) -> AsyncIterator[int]:
    """Serve the pages under every name of this machine; yields the port."""
    websites = web.Application()
    websites.router.add_get("/{path:.*}", partial(serve_page, chat_url))
    runner = web.AppRunner(websites, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
