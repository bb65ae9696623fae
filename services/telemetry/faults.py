"""What is told of an error: never a value, which a database quotes from somebody's row."""

import traceback
from typing import Any

WITHOUT_VALUES = ("23", "40", "42", "53", "55", "57", "58", "P0001")
"""SQLSTATEs whose first line names tables, columns and constraints; the row stands in the lines
below it. P0001 is what our own triggers say. Left out are the rest, above all class 22, which
quotes what it could not read."""
CAUSED = "\n\nThis led to:\n\n"


def told(error: BaseException) -> str:
    """An error in a line: its class and text; of a database's its class, state and first line.

    Args:
        error: a database's is known by its ``sqlstate``, as psycopg's all have it.
    """
    kind = type(error).__name__
    if not hasattr(error, "sqlstate"):
        return f"{kind}: {error}"
    database: Any = error
    state = str(database.sqlstate or "")
    line = database.diag.message_primary if state.startswith(WITHOUT_VALUES) else None
    return f"{kind} {state}: {line}" if line else f"{kind} {state}".strip()


def traced(exc_info: Any) -> str:
    """Where an error came from, behind those that led to it.

    Args:
        exc_info: as ``sys.exc_info`` gives it.
    """
    parts: list[str] = []
    error, seen = exc_info[1], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))  # lines of the program only
        parts.append(f"Traceback (most recent call last):\n{frames}{told(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return CAUSED.join(reversed(parts))
