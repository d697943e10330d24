"""Static files: read once, named by the hash of their contents, and served from memory with their gzip beside them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Send
from markupsafe import Markup

from core import plugins
from core.settings import SettingsError, current

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
"""The types that are served; a file of any other sort in a static folder is not."""

PACKED = {".css", ".js", ".svg", ".json", ".txt", ".webmanifest", ".ico"}

YEAR = b"public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: plain, and packed where that is smaller."""

    href: str
    type: bytes
    body: bytes
    packed: bytes | None


def theme_folder() -> Path:
    """The folder of the theme that the settings name."""
    return plugins.ROOT / "themes" / current().theme


def check_theme() -> None:
    """Refuse a theme that is not there, before pages are shown without their style."""
    if not (theme_folder() / "theme.toml").is_file():
        raise SettingsError(f"There is no theme {current().theme!r}: {theme_folder() / 'theme.toml'} is missing.")


def _folders() -> Iterator[tuple[str, Path]]:
    yield plugins.CORE, plugins.ROOT / "core" / "static"
    for name, manifest in plugins.registry().plugins.items():
        yield name, manifest.folder / "static" / name
    yield "theme", theme_folder() / "static"


@lru_cache(maxsize=1)
def catalogue() -> dict[tuple[str, str], Asset]:
    """Every static file of core, the plugins and the theme, by owner and path."""
    found = {}
    for owner, folder in _folders():
        root = folder.resolve()
        for file in sorted(folder.rglob("*")):
            # A link that leads out of the folder would publish whatever it points to.
            if file.suffix in TYPES and file.is_file() and file.resolve().is_relative_to(root):
                path = file.relative_to(folder).as_posix()
                found[owner, path] = _read(owner, path, file)
    return found


def _read(owner: str, path: str, file: Path) -> Asset:
    body = file.read_bytes()
    if file.suffix == ".css" and not current().strict:
        body = squeeze(body.decode()).encode()
    packed = gzip.compress(body, 9, mtime=0) if file.suffix in PACKED else None
    version = hashlib.sha256(body).hexdigest()[:10]
    return Asset(
        href=f"/static/{owner}/{version}/{path}",
        type=TYPES[file.suffix].encode(),
        body=body,
        packed=packed if packed and len(packed) < len(body) else None,
    )


_LOOSE = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|/\*.*?\*/|\s*([{};,])\s*|\s*\n\s*""", re.DOTALL)


def squeeze(css: str) -> str:
    """The style sheet without comments and the space that browsers skip; texts in quotes stay as they are."""
    return _LOOSE.sub(lambda found: found[1] or found[2] or ("" if found[0].startswith("/*") else " "), css).strip()


def forget() -> None:
    """Read the files anew at the next use: after a file, the registry or the theme was changed."""
    for kept in (catalogue, _sprites, icon):
        kept.cache_clear()


def href(owner: str, path: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    if current().strict:
        _refresh(owner, path)
    asset = catalogue().get((owner, path))
    if asset is None:
        raise LookupError(f"There is no static file {path!r} of {owner}.")
    return asset.href


@lru_cache(maxsize=1)
def _sprites() -> dict[str, str]:
    """Icon → the sprite that has it; the common ones stand in a small sprite of their own."""
    found: dict[str, str] = {}
    for path in ("icons.svg", "icons-more.svg"):
        asset = catalogue()["core", path]
        found.update(dict.fromkeys(re.findall(r'<symbol id="([^"]+)"', asset.body.decode()), asset.href))
    return found


@lru_cache(maxsize=4096)
def icon(name: str, extra: str = "") -> Markup:
    """The picture of that name (Lucide's names); a puzzle piece where no sprite has it."""
    name = name if name in _sprites() else "puzzle"
    drawn = Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>')
    return drawn.format(extra, _sprites()[name], name)


def icon_names() -> frozenset[str]:
    """The icons there are."""
    return frozenset(_sprites())


def has(owner: str, path: str) -> bool:
    """Whether there is such a file."""
    return (owner, path) in catalogue()


def _refresh(owner: str, path: str) -> None:
    """In development a changed file gets its new address without a restart."""
    folder = dict(_folders()).get(owner)
    if folder and (file := folder / path).is_file() and file.suffix in TYPES:
        known = catalogue().get((owner, path))
        if known is None or known.body != file.read_bytes():
            catalogue()[owner, path] = _read(owner, path, file)


async def serve(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Answer `/static/<owner>/<version>/<file>`; an old version gets the new file."""
    owner, _, rest = scope["path"].strip("/").partition("/")
    asset = catalogue().get((owner, rest.partition("/")[2]))
    if scope["method"] != "GET":
        await _send(send, 405, [(b"allow", b"GET, HEAD")], b"")
    elif asset is None:
        await _send(send, 404, [(b"content-type", b"text/plain; charset=utf-8")], b"Not found")
    else:
        accepts = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        headers = [(b"content-type", asset.type), (b"cache-control", YEAR), (b"vary", b"Accept-Encoding")]
        if asset.packed and b"gzip" in accepts:
            await _send(send, 200, [*headers, (b"content-encoding", b"gzip")], asset.packed)
        else:
            await _send(send, 200, headers, asset.body)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def handlers() -> list[ASGIRouteHandler]:
    """The Litestar handler of static files."""
    return [ASGIRouteHandler("/static", is_mount=True, copy_scope=False)(serve)]
