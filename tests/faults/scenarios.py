"""The registry of fault scenarios: name, summary, topology and number of seeds of each."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from tests.faults.scenario_run import ScenarioRun

TopologyName = Literal["single_process", "cluster", "in_process"]
ScenarioFunction = Callable[[ScenarioRun], Awaitable[None]]


class Scenario(NamedTuple):
    """A fault scenario. `expected` are patterns of log entries that the fault explains.

    A quick scenario runs with ten seeds by default, the others with one.
    """

    name: str
    summary: str
    topology: TopologyName
    function: ScenarioFunction
    quick: bool
    expected: tuple[str, ...]
    full_only: bool


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    topology: TopologyName, *, quick: bool = False, expected: tuple[str, ...] = (), full_only: bool = False
) -> Callable[[ScenarioFunction], ScenarioFunction]:
    """Register a function as a scenario, under its name and the first line of its docstring."""

    def register(function: ScenarioFunction) -> ScenarioFunction:
        name = function.__name__
        summary = (function.__doc__ or "").split("\n")[0].strip()
        SCENARIOS[name] = Scenario(name, summary, topology, function, quick, expected, full_only)
        return function

    return register
