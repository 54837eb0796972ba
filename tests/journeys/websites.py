"""The websites of these journeys: small pages of somebody else's that carry the widget."""

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
LOADER = '<script async src="$chat/widget.js?site=demo"></script>'
STRICT = Template(
    "default-src 'none'; script-src $chat; frame-src $chat; style-src 'none'; base-uri 'none'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
# The only calls that a page may make before the loader is there.
EARLY = (
    "<script>window.guichet=function(){(guichet.q=guichet.q||[]).push(arguments)};"
    "guichet('prefill',{email:'vic@exemple.fr',text:'Une question sur la page'});"
    "guichet('on','open',()=>{document.title='ouvert'})</script>"
)
ROUTER = (
    '<p><button id="basket">Panier</button></p>'
    "<script>basket.onclick=()=>{history.pushState({},'','/app/basket?session=secret');"
    "document.title='Votre panier';document.querySelector('h1').textContent='Votre panier'}</script>"
)


def page(lang: str, title: str, head: str = LOADER, more: str = "") -> str:
    """One page, the chat server's address still to be filled in."""
    return PAGE.substitute(lang=lang, title=title, head=head, more=more)


PAGES = {
    "/": page("fr", "Les carnets de la lune"),
    "/second": page("fr", "La page suivante"),
    "/en": page("en", "Moon notebooks"),
    "/twice": page("fr", "Deux fois", LOADER + LOADER),
    "/strict": page("fr", "Une page stricte"),
    "/app": page("fr", "Une seule page", more=ROUTER),
    "/early": page("fr", "Appels d’avance", EARLY + LOADER),
    "/help": page("fr", "Besoin d’aide", more="<button onclick=\"guichet('open')\">Aide</button>"),
    "/bare": page("fr", "Sans le widget", ""),
}


async def answer(chat: str, request: web.Request) -> web.Response:
    """Any name of the site shows the same pages; all of /app/ is one of them."""
    path = "/app" if request.path.startswith("/app/") else request.path
    if path not in PAGES:
        return web.Response(status=404)
    headers = {"Content-Security-Policy": STRICT.substitute(chat=chat)} if path == "/strict" else {}
    text = Template(PAGES[path]).substitute(chat=chat)
    return web.Response(text=text, content_type="text/html", headers=headers)


@asynccontextmanager
async def on_line(chat: str) -> AsyncIterator[int]:
    """The port on which the pages answer, by any name of this machine."""
    websites = web.Application()
    websites.router.add_get("/{path:.*}", partial(answer, chat))
    runner = web.AppRunner(websites, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
