"""Compares two OpenAPI documents: what of the newer one breaks a client written for the older.

What a client sends must still be taken: the old must fit into the new. What a client gets must
still be what it was: the new must fit into the old. One question serves both, asked in either
direction: could something that fits ``small`` not fit ``big``?
"""

from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
DEEPEST = 12
"""Schemas inside schemas; ours refer to themselves nowhere."""
_LOWER = ("minimum", "minLength", "minItems")
_UPPER = ("maximum", "maxLength", "maxItems")

Document = Mapping[str, Any]


def breaks(old: Document, new: Document) -> list[str]:
    """One sentence for each thing that breaks a client; none when all of it goes on."""
    return [*_codes(old, new), *_operations(old, new)]


def _codes(old: Document, new: Document) -> Iterator[str]:
    """Problem codes: clients decide by them, so none goes and none changes its status."""
    now = new.get("x-problem-codes", {})
    for code, status in old.get("x-problem-codes", {}).items():
        if code not in now:
            yield f"problem code {code} is gone"
        elif now[code] != status:
            yield f"problem code {code} came with {status} and comes with {now[code]}"


def _operations(old: Document, new: Document) -> Iterator[str]:
    for path, methods in old["paths"].items():
        if path not in new["paths"]:
            yield f"{path} is gone"
            continue
        for method in METHODS:
            if method not in methods:
                continue
            name = f"{method.upper()} {path}"
            if method not in new["paths"][path]:
                yield f"{name} is gone"
                continue
            pair = _Pair(old, new, _whole(old, path, method), _whole(new, path, method))
            yield from (f"{name}: {found}" for found in pair.breaks())


def _whole(document: Document, path: str, method: str) -> dict[str, Any]:
    """An operation with the parameters its path has for all methods."""
    methods = document["paths"][path]
    operation = dict(methods[method])
    both = [*methods.get("parameters", ()), *operation.get("parameters", ())]
    operation["parameters"] = {
        (each["in"], each["name"].lower()): each
        for each in (resolved(document, one) for one in both)
    }
    return operation


class _Pair:
    """The same operation before and after."""

    def __init__(self, old: Document, new: Document, was: Any, now: Any) -> None:
        self.old, self.new, self.was, self.now = old, new, was, now

    def breaks(self) -> Iterator[str]:
        if self.was.get("operationId") != self.now.get("operationId"):
            yield f"operationId {self.was.get('operationId')} is gone"
        yield from self._parameters()
        yield from self._body()
        yield from self._answers()
        if self.was.get("x-scope") != self.now.get("x-scope") and "x-scope" in self.was:
            yield f"scope was {self.was['x-scope']}, is {self.now.get('x-scope')}"

    def _parameters(self) -> Iterator[str]:
        for key, was in self.was["parameters"].items():
            now = self.now["parameters"].get(key)
            if now is None:
                yield f"parameter {key[1]} is gone"
                continue
            if now.get("required") and not was.get("required"):
                yield f"parameter {key[1]} is required now"
            yield from self._sent(was["schema"], now["schema"], f"parameter {key[1]}")
        for key, now in self.now["parameters"].items():
            if key not in self.was["parameters"] and now.get("required"):
                yield f"parameter {key[1]} is new and required"

    def _body(self) -> Iterator[str]:
        was = resolved(self.old, self.was.get("requestBody") or {})
        now = resolved(self.new, self.now.get("requestBody") or {})
        if now.get("required") and not was.get("required"):
            yield "a body is required now"
        for kind, content in was.get("content", {}).items():
            if kind not in now.get("content", {}):
                yield f"a body of {kind} is not taken any more"
            else:
                yield from self._sent(content["schema"], now["content"][kind]["schema"], "body")

    def _sent(self, was: Any, now: Any, place: str) -> Iterator[str]:
        yield from misfits(_At(self.old, was), _At(self.new, now), place)

    def _answers(self) -> Iterator[str]:
        for status, was in self.was["responses"].items():
            if status not in self.now["responses"]:
                yield f"{status} is answered no more"
                continue
            before = resolved(self.old, was)
            after = resolved(self.new, self.now["responses"][status])
            for name in before.get("headers", {}):
                if name not in after.get("headers", {}):
                    yield f"{status}: header {name} is gone"
            for kind, content in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    yield f"{status} is not answered as {kind} any more"
                elif "schema" in content:
                    got = after["content"][kind].get("schema", {})
                    small, big = _At(self.new, got), _At(self.old, content["schema"])
                    yield from misfits(small, big, f"{status}")
                    yield from _lost(big, small, f"{status}")


class _At:
    """A schema in its document, references followed."""

    def __init__(self, document: Document, schema: Any) -> None:
        self.document = document
        self.schema = _merged(document, resolved(document, schema))

    def under(self, schema: Any) -> "_At":
        return _At(self.document, schema)

    def get(self, name: str, otherwise: Any = None) -> Any:
        return self.schema.get(name, otherwise)

    @property
    def types(self) -> set[str]:
        """What kinds of value fit; every kind where nothing is said."""
        said = self.get("type")
        if said is None:
            return set()
        return {said} if isinstance(said, str) else set(said)


def resolved(document: Document, found: Any) -> dict[str, Any]:
    """What a reference leads to."""
    while "$ref" in found:
        kept = {key: value for key, value in found.items() if key != "$ref"}
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        found = {**target, **kept}
    return dict(found)


def _merged(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The same without ``allOf``, and without the union with null that a reference needs."""
    for part in schema.pop("allOf", ()):
        schema = {**_merged(document, resolved(document, part)), **schema}
    choices = [resolved(document, each) for each in schema.get("anyOf", schema.get("oneOf", ()))]
    named = [each for each in choices if each.get("type") != "null"]
    if len(named) == 1 and len(choices) == 2:
        one = _merged(document, named[0])
        said = one.get("type", "object")
        types = [said] if isinstance(said, str) else list(said)
        return {**one, "type": [*types, "null"]}
    return schema


def misfits(small: _At, big: _At, place: str, depth: int = 0) -> Iterator[str]:
    """Why something that fits ``small`` might not fit ``big``."""
    if depth > DEEPEST:
        return
    yield from _kinds(small, big, place)
    yield from _bounds(small, big, place)
    yield from _fields(small, big, place, depth)
    if "items" in big.schema and "items" in small.schema:
        inner = small.under(small.get("items")), big.under(big.get("items"))
        yield from misfits(*inner, f"{place}[]", depth + 1)


def _kinds(small: _At, big: _At, place: str) -> Iterator[str]:
    taken = big.types | ({"integer"} if "number" in big.types else set())
    if big.types and not (small.types and small.types <= taken):
        more = ", ".join(sorted(small.types - taken)) or "anything"
        yield f"{place} may be {more} on one side only"
    words = big.get("enum")
    if words is not None:
        more_words = [each for each in small.get("enum", ["any word"]) if each not in words]
        if more_words:
            yield f"{place} may say {', '.join(map(str, more_words))} on one side only"


def _bounds(small: _At, big: _At, place: str) -> Iterator[str]:
    for name in (*_LOWER, *_UPPER):
        limit, own = big.get(name), small.get(name)
        if limit is None:
            continue
        if own is None or (own < limit if name in _LOWER else own > limit):
            yield f"{place}: {name} is {limit} on one side, {own} on the other"
    step = big.get("multipleOf")
    if step is not None and (small.get("multipleOf") or 1) % step:
        yield f"{place} is a multiple of {step} on one side only"
    for name in ("pattern", "format"):
        if big.get(name) is not None and big.get(name) != small.get(name):
            yield f"{place}: {name} {big.get(name)} holds on one side only"


def _fields(small: _At, big: _At, place: str, depth: int) -> Iterator[str]:
    for name in big.get("required", ()):
        if name not in small.get("required", ()):
            yield f"{place}/{name} is required on one side only"
    known = big.get("properties", {})
    for name, schema in small.get("properties", {}).items():
        if name in known:
            pair = small.under(schema), big.under(known[name])
            yield from misfits(*pair, f"{place}/{name}", depth + 1)
        elif big.get("additionalProperties") is False:
            yield f"{place}/{name} is taken on one side only"


def _lost(was: _At, now: _At, place: str, depth: int = 0) -> Iterator[str]:
    """Fields of an answer that are gone, also those that were not always there."""
    if depth > DEEPEST:
        return
    for name, schema in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{place}/{name} is gone"
        else:
            pair = was.under(schema), now.under(now.get("properties")[name])
            yield from _lost(*pair, f"{place}/{name}", depth + 1)
    if "items" in was.schema and "items" in now.schema:
        pair = was.under(was.get("items")), now.under(now.get("items"))
        yield from _lost(*pair, f"{place}[]", depth + 1)
