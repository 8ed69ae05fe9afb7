"""Optional packages: imported where they are used, named where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import MissingExtra


def extra(name: str, module: str, what: str) -> Any:
    """Import what an extra brings.

    Args:
        name: of the extra, such as ``"tqdm"``.
        module: such as ``"tqdm.auto"``.
        what: needs it, for people.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(name, f"{what} needs {module.partition('.')[0]}") from error
