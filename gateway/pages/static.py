"""Files a browser keeps: read once at start, under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

import flask

FOLDER = Path(__file__).with_name("static")
KEPT = "public, max-age=31536000, immutable"
"""A year: what changes gets another address."""
PACKED = frozenset({".css", ".js", ".svg", ".json"})

_FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
_ROOT = "/assets/images/"
"""Where the design system's style sheet believes its pictures to be."""


@dataclass(frozen=True)
class File:
    """One file as it is sent."""

    content: bytes
    packed: bytes | None
    kind: str


def _read(path: Path) -> File:
    content = path.read_bytes()
    if path.suffix == ".css":
        content = _without_strangers(content.decode()).encode()
    packed = gzip.compress(content, mtime=0) if path.suffix in PACKED else None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(content, packed, "text/javascript" if path.suffix == ".js" else kind)


def _without_strangers(css: str) -> str:
    """A style sheet that asks no other host for anything.

    The NHS typeface lies on a host of the NHS; asking it for every visitor would tell it who
    visits, and Arial, which the style sheet names next, is on every machine.
    """
    return _FONT_FACE.sub("", css).replace(_ROOT, "images/")


FILES = {
    path.relative_to(FOLDER).as_posix(): _read(path)
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file() and path.suffix != ".md"
}
DIGEST = hashlib.sha256(b"".join(file.content for file in FILES.values())).hexdigest()[:12]

routes = flask.Blueprint("static", __name__)


def url(name: str) -> str:
    """Where a file of the folder is found.

    Raises:
        KeyError: there is no such file.
    """
    FILES[name]
    return f"/assets/{DIGEST}/{name}"


@routes.get("/assets/<digest>/<path:name>")
def one(digest: str, name: str) -> flask.Response:
    """A file; under the address of another version, while two are running, without keeping it."""
    file = FILES.get(name)
    if file is None:
        flask.abort(404)
    packed = file.packed if "gzip" in flask.request.accept_encodings else None
    answer = flask.Response(packed or file.content, content_type=_kind(file.kind))
    if file.packed:
        answer.headers["Vary"] = "Accept-Encoding"
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = KEPT if digest == DIGEST else "no-cache"
    return answer


@routes.get("/favicon.ico")
def icon() -> flask.Response:
    """Where browsers look by themselves."""
    return one("", "nhsuk/images/favicon.ico")


def _kind(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
