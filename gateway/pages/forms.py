"""Forms as the design system draws them: what is asked, what is taken, what is said if not.

A form is a class of fields; a view gives it what was sent, and has it ``send``:

    form = Address(flask.request.form)
    if form.send(lambda: asking.tell("members", "update", body=form.data)):
        return flask.redirect(links.PROFILE, 303)
    return render.page("profile/change.html", "Change your profile", form=form)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import wtforms

from gateway.pages import words
from services.bus.rpc import RpcError

STALE = "version_conflict"
_SAID = {
    STALE: "This has changed since you opened the page. What you wrote is still here: "
    "check it, then send it again.",
    **words.REFUSALS,
}
"""What is said instead of a service's words."""


class Form(wtforms.Form):
    """What is asked on one page.

    Attributes:
        answer: of the service, once the form was sent.
    """

    answer: Any = None

    def __init__(self, given: Any = None, **known: Any) -> None:
        super().__init__(given or None, data=known)
        self.key = str(uuid.uuid4())
        self.refusals: list[str] = []

    def send(self, tell: Callable[[], Any]) -> bool:
        """Check what was given, then have a service do it.

        Returns:
            Whether it was done; if not, the page is shown again with what to mend.

        Raises:
            RpcError: for a reason the visitor cannot mend here.
        """
        if not self.validate():
            return False
        try:
            self.answer = tell()
        except RpcError as refused:
            if refused.family != "refused":
                raise
            self.take(refused)
            return False
        return True

    def take(self, refused: RpcError) -> None:
        """Show a service's refusal at the fields it is about, or above them all.

        After a refusal for being stale, the version becomes the newest: who sends again
        has been told.
        """
        if refused.code == STALE and "version" in self._fields:
            self._fields["version"].data = refused.detail.get("version")
        told = refused.detail.get("errors")
        for each in told if isinstance(told, list) else []:
            field = self._named(str(each.get("pointer", "")))
            self._say(field, str(each.get("message") or refused))
        if not told:
            field = self._named(str(refused.detail.get("pointer", "")))
            self._say(field, _SAID.get(refused.code, refused.message))

    def _named(self, pointer: str) -> Any:
        return self._fields.get(pointer.strip("/").partition("/")[0])

    def _say(self, field: Any, message: str) -> None:
        if field is None:
            self.refusals.append(message)
        else:
            field.errors = [*field.errors, message]

    @property
    def problems(self) -> list[dict[str, str]]:
        """What is to be mended, for the summary on top: each with where."""
        fields = [
            {"text": str(field.errors[0]), "href": f"#{field.id}"} for field in self if field.errors
        ]
        return [*({"text": each} for each in self.refusals), *fields]
