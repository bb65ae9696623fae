"""Every fault there is, in the order of the list; `make faults` runs them one after another."""

from tests.faults.backlog_faults import F11
from tests.faults.broker_faults import F3, F9, F13, F14
from tests.faults.clock_faults import F12
from tests.faults.crash import F1
from tests.faults.database_faults import F4, F10
from tests.faults.disorder import F6
from tests.faults.histories import F15
from tests.faults.kills import F2
from tests.faults.network_faults import F8
from tests.faults.poison import F7
from tests.faults.repeats import F5
from tests.faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15,
)  # fmt: skip
