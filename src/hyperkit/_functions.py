"""Every public method of the default client as a function of the module.

The stub beside this file says the same to editors and type checkers; it is
written by ``tools/stub.py``.
"""

import os as _os
from types import FunctionType as _FunctionType
from typing import Any as _Any

from . import _options
from ._client import Client as _Client

_default = _Client()
_options.follow(_default)


def configure(**options: _Any) -> None:
    """Set options of the default client, and so of clients made from now on.

    Args:
        options: names and values, such as ``auto_sync=False``.

    Raises:
        ArgumentError: an option cannot hold such a value; none is set then.
        TypeError: there is no such option; none is set then.

    Example:
        >>> hyperkit.configure(api_endpoint="https://host:8443", auto_sync=False)
    """
    _default.__dict__.update(_options.checked(options))


def default_client() -> _Client:
    """Get the client that the functions of the module use.

    Example:
        >>> hyperkit.default_client().auto_sync
        True
    """
    return _default


def reset() -> None:
    """Set all options back to their defaults and what the environment says.

    Example:
        >>> hyperkit.reset()
    """
    _default.close()
    _default.__dict__.update(_options.defaults(_os.environ))


def _public_methods() -> list[str]:
    return [
        name
        for name in dir(_Client)
        if not name.startswith("_") and isinstance(getattr(_Client, name), _FunctionType)
    ]


for _name in _public_methods():
    globals()[_name] = getattr(_default, _name)
