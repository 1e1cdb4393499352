"""Drawings as inline SVG: no script, no style, and always a table beside them that says the same."""

import datetime
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backorders.allocation.windows import Window
from backorders.amounts import signed
from backorders.backoffice.dates import short_date

WIDTH, HEIGHT = 72, 22


class Axis(NamedTuple):
    """An axis of days."""

    first: datetime.date
    last: datetime.date

    def at(self, day: datetime.date, *, width: float) -> float:
        """Return where a day begins on an axis so wide."""
        days = max((self.last - self.first).days + 1, 1)
        return round((day - self.first).days / days * width, 1)


class Bar(NamedTuple):
    """A window on the axis: where it begins and how wide it is."""

    x: float
    width: float


def axis_of(windows: Sequence[Window | None]) -> Axis | None:
    """Return the axis that all these windows fit on, or None if none has a date."""
    dated = [window for window in windows if window is not None]
    return Axis(min(window.first for window in dated), max(window.last for window in dated)) if dated else None


def bar(window: Window | None, axis: Axis | None) -> Bar | None:
    """Return a window as a bar on the axis."""
    if window is None or axis is None:
        return None
    start = axis.at(window.first, width=WIDTH)
    end = axis.at(window.last + datetime.timedelta(days=1), width=WIDTH)
    return Bar(start, max(round(end - start, 1), 3.0))


STACK_WIDTH, STACK_HEIGHT = 160, 14


def stack(parts: Sequence[int], *, longest: int) -> list[Bar]:
    """Return parts of a whole one behind the other; the whole of `longest` units takes all of the width."""
    unit = STACK_WIDTH / max(longest, 1)
    ends = [0, *itertools.accumulate(parts)]
    return [Bar(round(start * unit, 1), round((end - start) * unit, 1)) for start, end in itertools.pairwise(ends)]


CHART_WIDTH, CHART_HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 20, 30
LEAST_DAYS = 28
LABEL_ROOM = 40.0


class Label(NamedTuple):
    """A word on a chart and where it stands."""

    x: float
    y: float
    text: str


class Shortage(NamedTuple):
    """A part of the chart below zero."""

    x: float
    y: float
    width: float
    height: float


class StepChart(NamedTuple):
    """A step line over days, ready to be drawn: a path, what lies below zero, ticks and labels."""

    path: str
    zero: float
    shortages: list[Shortage]
    days: list[Label]
    levels: list[Label]
    arrivals: list[Label]


class _Scale:
    """Where days and levels lie on the chart."""

    def __init__(self, first: datetime.date, last: datetime.date, lowest: int, highest: int) -> None:
        self.axis = Axis(first, last)
        self.lowest, self.highest = lowest, highest

    def x(self, day: datetime.date) -> float:
        return LEFT + self.axis.at(day, width=CHART_WIDTH - LEFT - RIGHT)

    def y(self, level: int) -> float:
        share = (self.highest - level) / (self.highest - self.lowest)
        return round(TOP + share * (CHART_HEIGHT - TOP - BOTTOM), 1)


def step_chart(
    start: int, steps: Sequence[tuple[datetime.date, int, int]], *, today: datetime.date
) -> StepChart | None:
    """Return the chart of a level that begins at `start` today; `steps` are (day, what comes in, level after it)."""
    if not steps:
        return None
    levels = [start, *(level for _day, _comes, level in steps), 0]
    last = max(steps[-1][0] + datetime.timedelta(days=5), today + datetime.timedelta(days=LEAST_DAYS))
    scale = _Scale(today, last, min(levels), max(*levels, min(levels) + 1))
    path = [f"M{LEFT} {scale.y(start)}"]
    shortages = []
    ends = [*(day for day, *_ in steps[1:]), last]
    for (day, _comes, level), end in zip(steps, ends, strict=True):
        path.append(f"H{scale.x(day)} V{scale.y(level)}")
        if level < 0:
            zero = scale.y(0)
            width = round(scale.x(end) - scale.x(day), 1)
            shortages.append(Shortage(scale.x(day), zero, width, round(scale.y(level) - zero, 1)))
    path.append(f"H{CHART_WIDTH - RIGHT}")
    ticks = sorted({scale.lowest, 0, scale.highest})
    return StepChart(
        path=" ".join(path),
        zero=scale.y(0),
        shortages=shortages,
        days=_day_labels(scale, today, last),
        levels=[Label(LEFT - 8, scale.y(level) + 4, signed(level, ",")) for level in ticks],
        arrivals=_spaced(
            Label(max(scale.x(day) - 5, LEFT + 40), scale.y(level) + 4, f"+{comes:,}")
            for day, comes, level in steps
            if comes
        ),
    )


def _day_labels(scale: _Scale, today: datetime.date, last: datetime.date) -> list[Label]:
    days = (last - today).days
    every = next((step for step in (7, 14, 28, 56, 91, 182) if days / step <= 8), 365)
    marks = [today + datetime.timedelta(days=number) for number in range(0, days - 2, every)]
    return [Label(scale.x(day), CHART_HEIGHT - 8, short_date(day)) for day in marks]


def _spaced(labels: Iterable[Label]) -> list[Label]:
    """Leave out labels that would stand over the one before."""
    kept: list[Label] = []
    for label in labels:
        if not kept or label.x - kept[-1].x >= LABEL_ROOM:
            kept.append(label)
    return kept
