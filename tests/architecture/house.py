"""What may import what, as data, and what every module really imports."""

import ast
import dataclasses
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SHARED_ROOMS = ("bus", "contracts", "telemetry")

NO_ROOMS = frozenset({"utils", "util", "common", "helpers", "helper", "base", "core", "shared"})
"""A module of this name is a sign that a noun is missing."""

STDLIB = frozenset(sys.stdlib_module_names)

FROZEN = frozenset({"nameko", "eventlet"})
"""Retiring libraries: the fewer modules know them, the smaller the day they are replaced."""

KNOWS_NAMEKO = frozenset({"services/*/service.py", "gateway/service.py", "services/bus/*.py"})

GATEWAY_USES_OF_THE_BUS = frozenset({"rpc", "caller", "errors", "idempotency", "settings"})
"""The RPC client with what travels by it, and how a setting is read."""

GATEWAY_SERVICE_USES_OF_THE_BUS = GATEWAY_USES_OF_THE_BUS | {"entrypoints", "topology"}
"""Where the gateway becomes a nameko service it takes its place on the bus."""


@dataclass(frozen=True)
class Layer:
    """Which imports a kind of module may have.

    Attributes:
        own: layers of its own service it may import.
        rooms: shared rooms it may import, or single modules of one (``bus.errors``).
        libraries: top names of installed packages; the standard library is free.
    """

    own: frozenset[str]
    rooms: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


LAYERS = {
    "errors": Layer(own=_set("domain"), rooms=_set("bus.errors")),
    "domain": Layer(own=_set("domain errors")),
    "store": Layer(own=_set("store domain errors"), libraries=_set("psycopg msgspec")),
    "schemas": Layer(
        own=_set("schemas domain errors"), rooms=_set("contracts"), libraries=_set("marshmallow")
    ),
    "settings": Layer(own=_set("domain"), rooms=_set("bus.settings")),
    "outside": Layer(own=_set("outside domain errors settings")),
    "handlers": Layer(
        own=_set("handlers store domain errors schemas settings outside"),
        rooms=_set("bus contracts"),
        libraries=_set("structlog"),
    ),
    "command": Layer(
        own=_set("command handlers store domain errors schemas settings"),
        rooms=_set("bus contracts telemetry"),
        libraries=_set("structlog psycopg"),
    ),
    "service": Layer(
        own=_set("handlers settings errors outside"),
        rooms=_set("bus contracts telemetry"),
        libraries=_set("nameko structlog"),
    ),
    "migration": Layer(own=_set("domain store command handlers"), libraries=_set("yoyo psycopg")),
}

OUTSIDE: dict[str, frozenset[str]] = {
    # speaks SMTP, by the standard library
    "services/notifications/mail.py": frozenset(),
    "services/notifications/calendar.py": _set("icalendar"),
    "services/notifications/render.py": _set("jinja2"),
    "services/notifications/management.py": _set("requests"),
    "services/notifications/webhook.py": _set("standardwebhooks"),
}
"""Modules that speak to the outside, each with the libraries made for it."""

ALSO_HANDLERS: dict[str, frozenset[str]] = {
    "services/members/case.py": frozenset(),
    # brings shipped files into the database, called by a migration with a bare connection
    "services/members/directory.py": _set("psycopg"),
    "services/notifications/delivery.py": frozenset(),
    "services/notifications/courier.py": frozenset(),
}
"""Modules that load, decide and save under the name of a noun, with what else they need."""


@dataclass(frozen=True)
class Import:
    """One import: of a module, or of a name in it.

    Attributes:
        module: dotted, as far as files go: ``from services.bus import rpc`` is
            ``services.bus.rpc``.
        line: where.
    """

    module: str
    line: int

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One file of ours, read and not run."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root, with slashes, whatever the machine."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """``ledger`` of ``services/ledger/store.py``; ``gateway`` of the gateway's."""
        parts = self.path.relative_to(ROOT).parts
        return parts[1] if parts[0] == "services" and len(parts) > 2 else parts[0]

    @property
    def tree(self) -> ast.Module:
        return _tree(self.path)

    def imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from self._names_of(node)

    def _names_of(self, node: ast.ImportFrom) -> Iterator[Import]:
        package = self.path.relative_to(ROOT).with_suffix("").parts[: -node.level or None]
        origin = node.module or ""
        if node.level:
            origin = ".".join((*package, origin)).rstrip(".")
        for alias in node.names:
            full = f"{origin}.{alias.name}"
            yield Import(full if is_ours(full) else origin, node.lineno)

    @property
    def is_command(self) -> bool:
        """Whether it is run by name: ``python -m``."""
        return any(
            isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
            for node in self.tree.body
        )

    @property
    def layer(self) -> str:
        """The kind of module its name says it is; what says nothing is domain."""
        stem = self.path.stem
        if "sql" in self.path.parent.parts:
            return "migration"
        for kind in ("handlers", "store"):
            if stem == kind or stem.endswith(f"_{kind}"):
                return kind
        if self.name in ALSO_HANDLERS:
            return "handlers"
        if self.name in OUTSIDE:
            return "outside"
        if stem in LAYERS:
            return stem
        return "command" if self.is_command else "domain"

    @property
    def may(self) -> Layer:
        layer = LAYERS[self.layer]
        extra = OUTSIDE.get(self.name) or ALSO_HANDLERS.get(self.name) or frozenset()
        return dataclasses.replace(layer, libraries=layer.libraries | extra)


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_ours(dotted: str) -> bool:
    """Whether a dotted name is a module or package of this repository."""
    path = ROOT.joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def file_of(dotted: str) -> Path | None:
    path = ROOT.joinpath(*dotted.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def modules(*folders: str) -> list[Module]:
    return [
        Module(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not {"__pycache__", "node_modules"} & set(path.parts)
    ]


def services() -> list[str]:
    """The names of the services: every room of ``services`` that is not shared."""
    return sorted(
        path.parent.name
        for path in (ROOT / "services").glob("*/__init__.py")
        if path.parent.name not in SHARED_ROOMS
    )
