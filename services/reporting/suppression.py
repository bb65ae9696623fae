"""How counts of people are shown below the national level, so that nobody can be singled out."""

SMALL = 7
"""Up to this many people, and at least one, the count is not shown."""
ROUNDED_TO = 5
HIDDEN = "*"


def shown(people: int) -> int | str:
    """A sub-national count: 0 stays 0, 1 to 7 become ``*``, the rest is rounded to 5."""
    if people == 0:
        return 0
    if people <= SMALL:
        return HIDDEN
    return ROUNDED_TO * ((people + ROUNDED_TO // 2) // ROUNDED_TO)
