"""Every fault there is, in the order of the list; `make faults` runs them one after another."""

from tests.faults.crash import F1
from tests.faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (F1,)
