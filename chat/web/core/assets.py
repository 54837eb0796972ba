"""Assets: the built front ends and our own stylesheets, held in memory; each encoding is made once."""

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypedDict

import brotli
from aiohttp import web

from chat.store.transaction import Unavailable
from chat.web.core.i18n import weight_of

CACHE_FOREVER = "public, max-age=31536000, immutable"
# Vite's hash: the eight characters after the last dash of the name.
HASHED_NAME = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
APPS = ("widget", "console")
SHARED = ("tokens.css", "base.css")
PAGE_FILES = ("icon.svg", "copy_link.js")
STYLES = {"pages.css": (*SHARED, "pages.css"), "shop.css": (*SHARED, "shop.css")}


class Chunk(TypedDict, total=False):
    """Vite's manifest entry of one source file."""

    file: str
    css: list[str]
    isEntry: bool


class EntryPoint(NamedTuple):
    """The script and the stylesheets that a front end's page loads."""

    script: str
    styles: list[str]


@dataclass(frozen=True)
class Asset:
    """A file to send. Builds bring their .br and .gz files; any other file is compressed when first requested."""

    content_type: str
    plain: bytes
    built_br: bytes | None = None
    built_gz: bytes | None = None

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.plain).hexdigest()[:20]

    @cached_property
    def br(self) -> bytes:
        return self.built_br or brotli.compress(self.plain)

    @cached_property
    def gz(self) -> bytes:
        return self.built_gz or gzip.compress(self.plain, mtime=0)

    def respond(self, request: web.Request, cache: str) -> web.Response:
        """The file in the smallest encoding that the browser accepts; 304 if the browser has it already."""
        # A weak tag, since one tag stands for several encodings.
        tag = f'W/"{self.etag}"'
        headers = {"ETag": tag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        if tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        encoding, body = self.encode(request.headers.get("Accept-Encoding", ""))
        headers |= {"Content-Encoding": encoding} if encoding else {}
        return web.Response(body=body, headers=headers | {"Content-Type": self.content_type})

    def encode(self, accepted: str) -> tuple[str | None, bytes]:
        offers = (part.partition(";") for part in accepted.split(","))
        names = {name.strip() for name, _, weight in offers if weight_of(weight) > 0}
        if not is_compressible(self.content_type):
            return None, self.plain
        if "br" in names:
            return "br", self.br
        return ("gzip", self.gz) if "gzip" in names else (None, self.plain)


def is_compressible(content_type: str) -> bool:
    return content_type.startswith(("text/", "application/j", "image/svg", "application/manifest"))


class Assets:
    """All files under /static/, read once: no request can name a file outside."""

    def __init__(self, root: Path) -> None:
        self._root = root
        own_files = dict(self._read_own())
        self._own_paths = {name: f"pages/{hashed_name(name, asset)}" for name, asset in own_files.items()}
        self._manifests = dict(self._read_manifests())
        self.files = dict(self._read_built()) | {self._own_paths[name]: asset for name, asset in own_files.items()}

    def url(self, name: str) -> str:
        """The URL of one of our own files, with its hash: `asset("pages.css")` in a template."""
        return f"/static/{self._own_paths[name]}"

    def icon(self) -> Asset:
        return self.files[self._own_paths["icon.svg"]]

    def entry_point(self, app: str) -> EntryPoint:
        """The script and stylesheets of a front end. Unavailable while it is not built."""
        entries = [chunk for chunk in self._chunks(app).values() if chunk.get("isEntry")]
        files = [chunk["file"] for chunk in entries] + [css for chunk in entries for css in chunk.get("css", [])]
        urls = [f"/static/{app}/{name}" for name in files]
        script = next(url for url in urls if url.endswith(".js"))
        return EntryPoint(script, [url for url in urls if url.endswith(".css")])

    def chunk_url(self, app: str, source: str) -> str:
        """The URL of a chunk that loads only when needed, by the source file that it was built from."""
        return f"/static/{app}/{self._chunks(app)[source]['file']}"

    def _chunks(self, app: str) -> dict[str, Chunk]:
        if app not in self._manifests:
            raise Unavailable(f"{app} is not built: python3 dev.py setup")
        return self._manifests[app]

    def loader(self) -> Asset:
        """The widget's loader with the placeholder of its configuration. Unavailable while it is not built."""
        self._chunks("widget")
        return self.files["widget/embed.js"]

    def _read_manifests(self) -> Iterator[tuple[str, dict[str, Chunk]]]:
        for app in APPS:
            for path in (self._root / "static" / app).rglob("manifest.json"):
                yield app, json.loads(path.read_text("utf-8"))

    def _read_built(self) -> Iterator[tuple[str, Asset]]:
        folder = self._root / "static"
        for path in sorted(path for app in APPS for path in (folder / app).rglob("*") if path.is_file()):
            if path.suffix not in (".br", ".gz"):
                yield path.relative_to(folder).as_posix(), read_asset(path)

    def _read_own(self) -> Iterator[tuple[str, Asset]]:
        for name in PAGE_FILES:
            yield name, read_asset(self._root / "static" / "pages" / name)
        for name, parts in STYLES.items():
            yield name, Asset("text/css; charset=utf-8", "".join(map(self._style, parts)).encode())

    def _style(self, name: str) -> str:
        """tokens.css and base.css are the front ends' own files, so that colours are defined once."""
        folder = "client" if name in SHARED else "chat/static/pages"
        return (self._root.parent / folder / name).read_text("utf-8").replace('@import "./tokens.css";\n', "")


def hashed_name(name: str, asset: Asset) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{asset.etag[:8]}.{suffix}"


def read_asset(path: Path) -> Asset:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in ("application/json", "application/manifest+json")
    return Asset(
        {"application/javascript": "text/javascript"}.get(kind, kind) + ("; charset=utf-8" if text else ""),
        path.read_bytes(),
        *(twin.read_bytes() if (twin := Path(f"{path}{end}")).exists() else None for end in (".br", ".gz")),
    )
