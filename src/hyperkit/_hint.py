"""Hints in messages: what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Ask for the name that comes closest, where one comes close; it follows the message.

    Args:
        name: what there is not, such as ``"instnaces"``.
        names: what there is.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    close = get_close_matches(name, names, n=1, cutoff=0.7)
    return f": did you mean {close[0]!r}?" if close else ""
