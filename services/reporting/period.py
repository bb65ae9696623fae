"""The days a report is about."""

import datetime
from dataclasses import dataclass

from services.reporting import errors


@dataclass(frozen=True)
class Period:
    """From one day to another, both included; ``None`` leaves a side open."""

    date_from: datetime.date | None
    date_to: datetime.date | None

    @classmethod
    def read(cls, date_from: str | None, date_to: str | None) -> "Period":
        """
        Args:
            date_from, date_to: days as ``YYYY-MM-DD``.

        Raises:
            BadPeriod: not such days, or the last before the first.
        """
        first, last = _day(date_from), _day(date_to)
        if first and last and last < first:
            raise errors.BadPeriod(date_from=date_from, date_to=date_to)
        return cls(first, last)


def _day(text: object) -> datetime.date | None:
    if text is None:
        return None
    try:
        day = datetime.datetime.strptime(str(text), "%Y-%m-%d").date()
    except ValueError:
        raise errors.BadPeriod(found=str(text)[:40]) from None
    if not 2000 <= day.year <= 9000:  # far from the ends of what the database can add a day to
        raise errors.BadPeriod(found=str(text)[:40])
    return day
