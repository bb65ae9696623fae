"""What a fault is to the harness, and what is to be known of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.platform import Platform


@dataclass(frozen=True)
class Result:
    """What came of all cases of one fault.

    Attributes:
        cases: times the fault was really put in.
        exchanges: driven through the API meanwhile and seen settled.
        lost: completed exchanges without a transfer (A1), over all cases.
        doubled: exchanges with more than one transfer (A2).
        ghost: transfers without a completed exchange (A3).
        figures: every other audit figure that was not zero, by code, over all cases.
        first_success: seconds from the end of a fault to the first thing that worked again,
            one for each case in which that was measured.
        empty: seconds from the end of a fault to an empty backlog, likewise.
        redelivered: messages that readers met a second time and let pass.
        duplicate_mails: e-mails taken by the mail server more than once.
        wrong: sentences about whatever else was not as promised.
        measured: further figures of this fault, by name with its unit.
        left_out: why it was not put in at all; empty when it was.
    """

    cases: int
    exchanges: int
    lost: int = 0
    doubled: int = 0
    ghost: int = 0
    figures: Mapping[str, int] = field(default_factory=dict)
    first_success: tuple[float, ...] = ()
    empty: tuple[float, ...] = ()
    redelivered: int = 0
    duplicate_mails: int = 0
    wrong: tuple[str, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    left_out: str = ""

    @property
    def sound(self) -> bool:
        """Whether every audit figure was zero and nothing else was wrong."""
        counted = (self.lost, self.doubled, self.ghost, *self.figures.values())
        return not any(counted) and not self.wrong


@dataclass(frozen=True)
class Scenario:
    """One fault of the list.

    Attributes:
        name: as the report quotes it, such as ``F3``.
        meaning: what is done to the platform, in a few words.
        run: given the platform, a seed and the minutes this fault may take, puts the fault in
            and tells what came of it; leaves the platform running and sound.
        minutes: it may take in the short form; the long form is divided in proportion.
    """

    name: str
    meaning: str
    run: Callable[[Platform, int, float], Result]
    minutes: float = 0.3
