"""The families of errors that cross from one service to another by public code.

    ServiceError
    ├── Refused        the caller's fault; trying again changes nothing
    │   └── NotAllowed the caller may not do or see this
    ├── TryLater       nobody's fault; the same call may succeed in a moment
    └── Broken         ours; logged, and parked when it came by the bus

A service's own leaves live in its ``errors.py``: one sentence as docstring, which
is the default message, and a ``code``, which is the public name and never changes.
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, **detail: Any) -> None:
        """
        Args:
            message: one sentence for a person; the class's docstring by default.
            detail: JSON-ready facts a client can act on, such as the state found.
        """
        super().__init__(message or (type(self).__doc__ or self.code).split("\n")[0])
        self.detail = detail


class Refused(ServiceError):
    """The request cannot be met as it stands."""

    code = "refused"


class NotAllowed(Refused):
    """You may not do this."""

    code = "not_allowed"


class TryLater(ServiceError):
    """The service cannot answer at the moment; try again shortly."""

    code = "try_later"


class Broken(ServiceError):
    """Something went wrong on our side."""

    code = "broken"
