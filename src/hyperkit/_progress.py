"""Progress: one way to be told how far something has come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._extra import extra
from ._shape import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    OnProgress = Callable[[int, int | None, str], object]

# The words around a figure may be any, and not all digits are one.
_PERCENT = re.compile(r"(?<!\d)(\d{1,18})%", re.ASCII)
_SIZE = re.compile(r"(?<![\d.])(\d{1,18}(?:\.\d{1,18})?) ?([kMGT]?)B", re.ASCII)
_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


class Meter:
    """Counts, tells ``on_progress``, and draws a bar if that is wanted.

    Args:
        on_progress: called with ``done``, ``total`` (or None) and ``text``.
        progress: True draws a bar with tqdm.
        total: bytes to come, or None.
        text: what it is that comes.
        unit: what is counted: bytes, or nothing special.

    Raises:
        MissingExtra: ``progress`` without the extra ``pyhyperkit[tqdm]``.
    """

    def __init__(
        self,
        on_progress: OnProgress | None = None,
        *,
        progress: bool = False,
        total: int | None = None,
        text: str = "",
        unit: str = "B",
    ) -> None:
        self.on_progress = on_progress
        self.done = 0
        self.total = total
        self.text = text
        self.bar: Any = None
        if progress:
            self.bar = _bars().tqdm(total=total, desc=text, unit=unit, unit_scale=bool(unit))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()

    def expect(self, total: int | None) -> None:
        """Learn how much is to come."""
        self.total = total
        if self.bar is not None:
            self.bar.total = total

    def advance(self, count: int) -> None:
        """Say that so much more is done."""
        self.set(self.done + count)

    def set(self, done: int, text: str | None = None) -> None:
        """Say how much is done in all."""
        if self.bar is not None:
            self.bar.update(done - self.done)
        self.done = done
        if self.on_progress is not None:
            self.on_progress(done, self.total, self.text if text is None else text)


def check_progress(progress: bool) -> None:
    """Refuse a bar that cannot be drawn, before anything is sent.

    Raises:
        MissingExtra: ``progress`` without the extra ``pyhyperkit[tqdm]``.
    """
    if progress:
        _bars()


def of_operation(operation: Mapping[str, Any]) -> tuple[int, int | None, str] | None:
    """Read the progress that an operation's metadata carries.

    Returns:
        Percent, 100 and the server's words; or bytes and None, where it counts those;
        or None if there is no progress.
    """
    metadata = fields_of(operation.get("metadata"))
    found = [key for key in metadata if key.endswith("_progress")]
    if not found:
        return None
    # A stage that is over stays beside the one that goes on.
    text = str(metadata[min(found, key=_stage)])
    if percent := _PERCENT.search(text):
        return int(percent[1]), 100, text
    size = _SIZE.search(text)
    return int(float(size[1]) * _UNITS[size[2]]) if size else 0, None, text


def _stage(key: str) -> int:
    """Order the stages of an operation, the last one first."""
    return 0 if key == "fs_progress" else 1 if key.startswith("create_") else 2


def _bars() -> Any:
    """Find what draws bars."""
    return extra("tqdm", "tqdm.auto", "progress=True")
