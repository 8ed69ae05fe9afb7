"""What a benchmark finds: rows of a table, as they are kept in results.json."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Who does the work. The floor is a raw socket, or whatever else does no more than it takes.
FLOOR = "floor"
OURS = "hyperkit"
REQUESTS = "requests"
PYLXD = "pylxd"
CLI = "CLI"


class Seconds(float):
    """What a call took that has measured itself: without what came before and after."""


class Missing(Exception):
    """A contender is not installed, or cannot do this."""


@dataclass
class Aim:
    """What a row is to reach.

    Attributes:
        text: in words, such as ``"≤ 1/2 of requests"``.
        value: what was measured; None where something was missing.
        limit: what it is compared with.
        at_least: True if more is better.
    """

    text: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None if nobody knows."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass
class Row:
    """One kind of work, by each contender.

    Attributes:
        work: what it is, in words.
        unit: of the figures.
        figures: by contender: the median of the rounds, and between what the middle half of
            them lies, and how many they were.
        counts: by contender: requests, connections, memory and the like.
        aims: what is to be reached.
        missing: by contender: why it has no figure.
        failed: why there is no row.
    """

    work: str
    unit: str = ""
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    counts: dict[str, dict[str, float]] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    failed: str = ""

    def median(self, name: str) -> float | None:
        """Give a contender's median, if it has one."""
        return self.figures[name]["median"] if name in self.figures else None

    def ratio(self, one: str, other: str, *, above: str | None = None) -> float | None:
        """Divide two medians.

        Args:
            one: the dividend.
            other: the divisor.
            above: a contender whose median is taken off both.
        """
        first, second = self.median(one), self.median(other)
        base = 0.0 if above is None else self.median(above)
        if first is None or second is None or base is None or second <= base:
            return None
        return (first - base) / (second - base)

    def at_most(self, text: str, value: float | None, limit: float) -> None:
        """Aim at no more than this."""
        self.aims.append(Aim(text, value, limit))

    def at_least(self, text: str, value: float | None, limit: float) -> None:
        """Aim at no less than this."""
        self.aims.append(Aim(text, value, limit, at_least=True))

    def counted(self, name: str, count: str) -> float | None:
        """Give one of a contender's counts, if it has it."""
        return self.counts.get(name, {}).get(count)

    def plain(self) -> dict[str, Any]:
        """Write it as JSON has it."""
        aims = [{**vars(aim), "met": aim.met} for aim in self.aims]
        return {**vars(self), "aims": aims}


def milliseconds(seconds: float) -> float:
    """Write seconds so."""
    return seconds * 1e3


def microseconds(seconds: float) -> float:
    """Write seconds so."""
    return seconds * 1e6


def figure(values: Iterable[float]) -> dict[str, float]:
    """Sum up what some rounds have measured."""
    series = list(values)
    low = high = series[0]
    if len(series) > 1:
        low, _, high = statistics.quantiles(series, n=4, method="inclusive")
    median = statistics.median(series)
    return {"median": median, "low": low, "high": high, "rounds": len(series)}


def take_turns(
    row: Row,
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: int = 0,
    shown: Callable[[float], float] = lambda seconds: seconds,
) -> dict[str, list[float]]:
    """Let each work in every round, another one first each time, and fill in the figures.

    A peer that fails has no figure, and the row says why; where hyperkit fails, so does the row.

    Args:
        row: gets the figures.
        calls: the work, by contender.
        rounds: that count.
        warm_up: rounds before, that do not.
        shown: makes of seconds what the row's unit is.

    Returns:
        The seconds of each round, by contender.
    """
    left = dict(calls)
    times: dict[str, list[float]] = {name: [] for name in left}
    for number in range(rounds + warm_up):
        names = list(left)
        first = number % len(names)
        for name in names[first:] + names[:first]:
            begin = time.perf_counter()
            try:
                found = left[name]()
            except Exception as error:
                if name.startswith(OURS):
                    raise
                row.missing[name] = reason(error)
                del left[name], times[name]
                continue
            took = time.perf_counter() - begin
            if number >= warm_up:
                times[name].append(found if isinstance(found, Seconds) else took)
    row.figures |= {name: figure(map(shown, series)) for name, series in times.items()}
    return times


def reason(error: BaseException) -> str:
    """Say in one line what went wrong."""
    text = " ".join(str(error).split())
    return text[:300] if isinstance(error, Missing) else f"{type(error).__name__}: {text[:300]}"
