"""Named places where a process can be made to die, so that a test can show nothing is lost there.

Off unless the setting names one; ``reach`` is then a function that does nothing.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.bus.settings import Setting

POINTS = {
    "received": "a batch is in hand, nothing has been done about it",
    "inbox_claimed": "what is new in it is known, its handler has not begun",
    "before_commit": "its handler is done, nothing is committed",
    "mid_batch": "one kind of its events is committed, others are not yet",
    "committed_before_ack": "all is committed, the broker has not been told",
    "said_before_commit": "what a transaction says is in the outbox, nothing is committed",
    "said_committed": "what a transaction says is committed, the relay has not been woken",
    "chosen_before_publish": "the relay has locked its rows, nothing is published",
    "published_before_confirm": "the relay's rows are published, no confirm has been read",
    "confirmed_before_remove": "the broker has taken the rows, they are still in the outbox",
    "before_retry": "a message whose next try is due is locked",
    "after_retry": "its try has ended and is committed",
    "before_send": "an e-mail is in hand, the mail server has not been asked",
    "sent_before_record": "the mail server has taken it, that is not written down",
}
"""Every point by name: what has happened there, and what has not."""

OFF = "off"


@dataclass(frozen=True)
class Trap:
    """Where to die: at a point, when it is reached for the nth time."""

    point: str
    nth: int = 1


def parse(text: str) -> Trap | None:
    """A setting's text; ``@file`` means the file's first line, once: it is removed when read.

    Raises:
        ValueError: no such point, or no number.
    """
    if text.startswith("@"):
        return _once(Path(text[1:]))
    if text == OFF:
        return None
    point, _, nth = text.partition(":")
    if point not in POINTS:
        raise ValueError(f"{point!r} is none of {', '.join(POINTS)}.")
    if not (nth or "1").isdigit() or int(nth or "1") < 1:
        raise ValueError(f"{nth!r} is not a whole number from 1.")
    return Trap(point, int(nth or "1"))


def _once(file: Path) -> Trap | None:
    """The first line of a file, which then has one less: each line is for one life."""
    try:
        first, *later = file.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    file.write_text("\n".join(later))
    return parse(first)


SETTING = Setting(
    "TIMEBANK_FAILPOINT",
    "where a process under test kills itself, point:nth, or @file for the next line of a file.",
    parse,
    OFF,
    "off, or one of the points in services/bus/failpoint.py",
)


def _pass(point: str) -> None:
    """Nothing: no point is armed."""


reach: Callable[[str], None] = _pass
"""Called at every point with its name."""


def arm() -> None:
    """Read the setting; to be called once, when a process starts.

    A process whose setting is a file reads its next line at every SIGUSR1, so that a proof
    need not restart it first.

    Raises:
        SettingError: it names no point.
    """
    if os.environ.get(SETTING.name, "").startswith("@"):
        signal.signal(signal.SIGUSR1, lambda *_: _set())
    _set()


def _set() -> None:
    global reach
    trap = SETTING.read()
    reach = _pass if trap is None else Armed(trap)


class Armed:
    """Counts how often its point is reached, and ends the process there by SIGKILL."""

    def __init__(self, trap: Trap) -> None:
        self.trap = trap
        self.reached = 0

    def __call__(self, point: str) -> None:
        if point != self.trap.point:
            return
        self.reached += 1
        if self.reached == self.trap.nth:
            os.kill(os.getpid(), signal.SIGKILL)
