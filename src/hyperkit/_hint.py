"""Hints in messages: what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


# How alike names are that only a slip sets apart, so that nothing else can be meant.
SLIP = 0.85


def did_you_mean(name: str, names: Iterable[str], *, likeness: float = 0.7) -> str:
    """Ask for the name that comes closest, where one comes close; it follows the message.

    Args:
        name: what there is not, such as ``"instnaces"``.
        names: what there is.
        likeness: how near it must come, from 0 to 1.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    close = get_close_matches(name, names, n=1, cutoff=likeness)
    return f": did you mean {close[0]!r}?" if close else ""
