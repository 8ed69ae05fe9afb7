"""The server's clock, which users can turn."""

from __future__ import annotations

import datetime as dt
import re
import time

# Go's "never", as the servers write it.
NEVER = "0001-01-01T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"
_UNITS = {"S": 1, "M": 60, "H": 3600, "d": 86400, "w": 604_800}
_MONTHS = {"m": 1, "y": 12}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LASTS = re.compile(r"\d+[SMHdwmy]( \d+[SMHdwmy])*", re.ASCII)


class Clock:
    """What the server takes for the time.

    Operations are forgotten, tokens and snapshots expire by it, so that a test need not wait.

    Example:
        >>> server.clock.advance(6)  # what has ended is forgotten now
    """

    def __init__(self) -> None:
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Turn the clock on.

        Args:
            seconds: how far, such as ``6``.

        Example:
            >>> server.clock.advance(3600)
        """
        self._ahead += seconds

    def now(self) -> float:
        """Tell the time, in seconds since 1970.

        Example:
            >>> server.clock.now() > 1_700_000_000
            True
        """
        return time.time() + self._ahead

    def moment(self) -> dt.datetime:
        """Tell the time, as a ``datetime`` in UTC.

        Example:
            >>> server.clock.moment().tzinfo
            datetime.timezone.utc
        """
        return dt.datetime.fromtimestamp(self.now(), dt.UTC)

    def text(self) -> str:
        """Tell the time as the API writes it, with nine digits behind the point.

        Example:
            >>> server.clock.text()[-1]
            'Z'
        """
        whole, fraction = divmod(time.time_ns() + int(self._ahead * 1e9), 1_000_000_000)
        digits = f"{fraction:09d}".rstrip("0")
        moment = dt.datetime.fromtimestamp(whole, dt.UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' + digits if digits else ''}Z"


def is_time(text: str) -> bool:
    """Tell whether a text is a time as the API takes it.

    Args:
        text: from the body.
    """
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return _TIME.fullmatch(text) is not None


def is_expiry(text: str) -> bool:
    """Tell whether a text says how long something lasts.

    Args:
        text: from the body, such as ``"1d 12H"``.
    """
    return _LASTS.fullmatch(text.strip()) is not None


def passed(text: str | None, now: float) -> bool:
    """Tell whether a time of the API is in the past; "never" is not.

    Args:
        text: the time, as the API writes it.
        now: seconds since 1970.
    """
    if not text or text.startswith(("0001-", "1970-01-01T00:00:00")):
        return False
    return dt.datetime.fromisoformat(text).timestamp() <= now


def is_span(text: str) -> bool:
    """Tell whether a text says how long something lasts, as in ``"1d 12H"``; each unit once.

    Args:
        text: from the body.
    """
    words = text.strip().split(" ")
    units = [word[-1:] for word in words]
    known = all(word[:-1].isdecimal() and word[-1] in {*_UNITS, *_MONTHS} for word in words)
    return known and len(set(units)) == len(units)


def later(clock: Clock, lasts: str) -> str:
    """Write the time at which something ends, as the API does.

    Args:
        clock: of the server.
        lasts: how long it lasts, as in ``"1d 12H"``.
    """
    words = [(int(word[:-1]), word[-1]) for word in lasts.split() if word[:-1].isdigit()]
    now = clock.moment()
    months = now.month - 1 + sum(count * _MONTHS.get(unit, 0) for count, unit in words)
    seconds = sum(count * _UNITS.get(unit, 0) for count, unit in words)
    # As in Go, the 31st of a shorter month is a day of the next one.
    first = now.replace(year=now.year + months // 12, month=months % 12 + 1, day=1)
    moment = first + dt.timedelta(days=now.day - 1, seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")
