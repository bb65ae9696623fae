"""Goes wherever links lead, and fills in every form there is; without a browser, so quickly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from tests.pages.visiting import TIMEOUT

SCRIPT = "<script>alert('{}')</script>\"'><img src=x onerror=alert(1)>"
RUNNING = ("<script>alert(", "<img src=x")
"""What stands in a page whose words were taken for its own."""
NEVER = ("/sign-out", "/profile/leave", "/docs", "/profile/download")
"""Left alone: the first two would end the visit, the others are no pages."""
TEXT = ("text", "search", "email", "number", "tel", "url")
PLAIN = {"input": "text", "button": "submit"}
"""What a control is that does not say."""
ELSEWHERE = "evil.example"
LURE = {"next": f"//{ELSEWHERE}/"}
"""Added to every address: nobody is led to another site by it."""


@dataclass
class Field:
    """One control of a form; ``choices`` of a list, a set of answers or a button."""

    name: str
    kind: str
    value: str = ""
    chosen: bool = False
    wrong: bool = False
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form as a browser reads it."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    @property
    def words(self) -> list[Field]:
        return [each for each in self.fields if each.kind in (*TEXT, "textarea")]


class Page(HTMLParser):
    """The links and forms of a page, by its address."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._last: Field | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        if tag == "a" and not given.get("href", "#").startswith("#"):
            self.links.append(urljoin(self.url, given["href"]))
        elif tag == "form":
            action = urljoin(self.url, given.get("action") or self.url)
            self._form = Form(action, given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "select", "textarea", "button"):
            self._control(tag, given)
        elif self._form is not None and tag == "option" and self._last is not None:
            self._last.choices.append(given.get("value", ""))
            if "selected" in given:
                self._last.value = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in ("select", "textarea"):
            self._last = None

    def handle_data(self, data: str) -> None:
        if self._last is not None and self._last.kind == "textarea":
            self._last.value += data

    def _control(self, tag: str, given: Mapping[str, str]) -> None:
        if not given.get("name"):
            return
        kind = given.get("type", PLAIN[tag]) if tag in PLAIN else tag
        found = Field(
            given["name"], kind, given.get("value", ""), "checked" in given,
            "--error" in given.get("class", ""),
        )  # fmt: skip
        assert self._form is not None, "asked before"
        self._form.fields.append(found)
        self._last = found if tag in ("select", "textarea") else None


@dataclass
class Crawl:
    """One person's way through all pages.

    Args:
        visitor: signed in.
        rule: the form of an address, such as ``/listings/<id>``; of each, one is visited.
        preferred: answers of lists by the field's name; else the first that is one.
        spared: beginnings of addresses whose forms are left alone.

    Attributes:
        visited: pages by their form, each once.
        sent: forms by their address's form and field names.
        written: names of the fields a script was written into.
        answers: the texts of all pages, with their addresses.
    """

    visitor: requests.Session
    gateway: str
    rule: Callable[[str], str]
    preferred: Mapping[str, str] = field(default_factory=dict)
    spared: tuple[str, ...] = ()
    visited: set[str] = field(default_factory=set)
    sent: set[tuple[str, ...]] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    answers: list[tuple[str, str]] = field(default_factory=list)

    def run(self, *paths: str, fill: bool = True) -> None:
        """From these pages on, first all links, then every form with what it leads to.

        Args:
            fill: send the forms, too.
        """
        to_visit, to_fill = deque(self.gateway + path for path in paths), deque[Form]()
        while to_visit or to_fill:
            if to_visit:
                url = to_visit.popleft()
                if not self._is_new(url):
                    continue
                answer = self.visitor.get(url, params=LURE, timeout=TIMEOUT)
                assert answer.status_code == 200, f"{url} answers {answer.status_code}"
                assert ELSEWHERE not in answer.text, f"{url} leads to {ELSEWHERE}"
                pages = [self._read(answer)]
            else:
                pages = self._fill(to_fill.popleft())
            for page in pages:
                to_visit.extend(page.links)
                to_fill.extend(page.forms if fill else ())

    def _is_new(self, url: str) -> bool:
        path = urlsplit(url).path
        if not url.startswith(f"{self.gateway}/") or path.startswith(NEVER):
            return False
        rule = self.rule(path)
        new = rule not in self.visited
        self.visited.add(rule)
        return new

    def _read(self, answer: requests.Response) -> Page:
        if not answer.headers["Content-Type"].startswith("text/html"):
            return Page(answer.url, "")
        for each in RUNNING:
            assert each not in answer.text, f"{answer.url} runs what somebody wrote: {each}"
        self.answers.append((answer.url, answer.text))
        return Page(answer.url, answer.text)

    def _fill(self, form: Form) -> list[Page]:
        """Send a form with a script in every field for words; once more without those refused."""
        path = urlsplit(form.action).path
        key = (self.rule(path), *sorted({each.name for each in form.fields}))
        if path.startswith((*NEVER, *self.spared)) or key in self.sent:
            return []
        self.sent.add(key)
        scripted = {each.name for each in form.words if each.name != "csrf"}
        first = self._read(self._send(form, scripted))
        again = next((each for each in first.forms if _alike(each, form)), None)
        wrong = {each.name for each in again.fields if each.wrong} if again else set()
        if again is None or not wrong:
            return [first]
        fields = {each.name: each.value for each in form.fields}
        for each in again.words:
            each.value = fields.get(each.name, "") if each.name in wrong else each.value
        return [first, self._read(self._send(again, scripted - wrong))]

    def _send(self, form: Form, scripted: set[str]) -> requests.Response:
        self.written |= scripted
        data = _answered(form, scripted, self.preferred)
        if form.method == "get":
            answer = self.visitor.get(form.action, params=data, timeout=TIMEOUT)
        else:
            query = parse_qsl(urlsplit(form.action).query)
            where = form.action.partition("?")[0]
            answer = self.visitor.post(where, params=query, data=data, timeout=TIMEOUT)
        known = answer.status_code in (200, 403, 404, 422)
        assert known, f"{form.action} answers {answer.status_code}"
        return answer


def _alike(one: Form, other: Form) -> bool:
    return {each.name for each in one.fields} == {each.name for each in other.fields}


def _answered(
    form: Form, scripted: set[str], preferred: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What a browser sends: words as given, the first answer of each list, one button."""
    data: list[tuple[str, str]] = []
    taken: set[str] = set()
    for each in form.fields:
        if each.name in scripted and each.kind in (*TEXT, "textarea"):
            data.append((each.name, SCRIPT.format(each.name)))
        elif each.kind == "select":
            answers = [choice for choice in each.choices if choice]
            wanted = preferred.get(each.name) if preferred.get(each.name) in answers else None
            data.append((each.name, wanted or each.value or (answers or [""])[0]))
        elif each.kind in ("radio", "submit"):
            if each.name not in taken and preferred.get(each.name, each.value) == each.value:
                taken.add(each.name)
                data.append((each.name, each.value))
        elif each.kind != "button":
            data.append((each.name, each.value))
    return data
