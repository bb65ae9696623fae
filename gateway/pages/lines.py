"""Skills as people write them, one on a line, and as the services keep them."""

from __future__ import annotations

import re
from typing import Any

from wtforms import validators

LONGEST = 100
"""Characters of one skill."""
MOST = 30


def read(text: str | None) -> list[str]:
    """The lines of a text, without what people put before an item of a list."""
    lines = (re.sub(r"^[\s•*·–-]+", "", line).strip() for line in (text or "").splitlines())
    return [line for line in lines if line]


def written(skills: list[str]) -> str:
    return "\n".join(skills)


class OneOnEachLine:
    """Refuses lines too long or too many.

    Args:
        what: an item is called.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, form: Any, field: Any) -> None:
        found = read(field.data)
        if len(found) > MOST:
            raise validators.ValidationError(f"Write {MOST} lines or fewer")
        if any(len(line) > LONGEST for line in found):
            raise validators.ValidationError(
                f"{self.what} must be {LONGEST} characters or fewer on each line"
            )
