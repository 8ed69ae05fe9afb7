"""Progress: one way to be told how far something has come."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    OnProgress = Callable[[int, int | None, str], object]

_PERCENT = re.compile(r"(\d+)%")


class Meter:
    """Counts, tells ``on_progress``, and draws a bar if that is wanted.

    Args:
        on_progress: called with ``done``, ``total`` (or None) and ``text``.
        progress: True draws a bar with tqdm.
        total: bytes to come, or None.
        text: what it is that comes.

    Raises:
        ImportError: ``progress`` without the extra ``pyhyperkit[tqdm]``.
    """

    def __init__(
        self,
        on_progress: OnProgress | None = None,
        *,
        progress: bool = False,
        total: int | None = None,
        text: str = "",
    ) -> None:
        self.on_progress = on_progress
        self.done = 0
        self.total = total
        self.text = text
        self.bar: Any = None
        if progress:
            self.bar = _bar(total, text)

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


def _bar(total: int | None, text: str) -> Any:
    try:
        tqdm: Any = import_module("tqdm.auto")
    except ImportError as error:
        message = "progress=True draws with tqdm: pip install 'pyhyperkit[tqdm]'."
        raise ImportError(message) from error
    return tqdm.tqdm(total=total, desc=text, unit="B", unit_scale=True)


def of_operation(operation: Mapping[str, Any]) -> tuple[int, int | None, str] | None:
    """Read the progress that an operation's metadata carries.

    Returns:
        Percent, 100 (None where the server gives no percentage) and its words; or
        None if there is no progress.
    """
    metadata: dict[str, Any] = operation.get("metadata") or {}
    for key, text in metadata.items():
        if key.endswith("_progress") and isinstance(text, str):
            percent = _PERCENT.search(text)
            return (int(percent[1]), 100, text) if percent else (0, None, text)
    return None
