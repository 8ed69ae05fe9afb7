"""A client of the REST API of LXD and Incus: flat, synchronous, typed.

>>> import hyperkit
>>> hyperkit.create_container("web", alias="busybox").status
'Success'
>>> hyperkit.start_container("web").status
'Success'
>>> hyperkit.container_state("web").status
'Running'

Every method of `Client` is a function of this module too, on a default client.
Its options are variables of the module: ``hyperkit.auto_sync = False``.
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ._hint import did_you_mean as _did_you_mean
from ._options import OPTIONS as _OPTIONS
from ._options import VERSION as _VERSION
from ._options import check_name as _check_name
from ._options import defaults as _defaults

if _TYPE_CHECKING:
    from requests import Response as _Response
    from requests import Session as _Session

    from ._public import *  # noqa: F403

    api_endpoint: str | None
    auto_sync: bool
    client_cert: str | None
    client_key: str | None
    client_key_password: str | None
    default_media_type: str
    default_project: str | None
    last_response: _Response | None
    operation_timeout: float | None
    proxy: str | None
    server_cert: str | None
    session: _Session | None
    target: str | None
    timeout: float | tuple[float | None, float | None] | None
    token: str | None
    user_agent: str
    verify_ssl: bool | str

__version__ = _VERSION


def _load() -> list[str]:
    """Load all the rest, requests included, which takes its time; list the names."""
    public = _import_module(f"{__name__}._public")
    names = [name for name, value in vars(public).items() if _is_ours(name, value)]
    for name in names:
        globals().setdefault(name, getattr(public, name))
    return names


def _is_ours(name: str, value: object) -> bool:
    """Tell what hyperkit offers from what its modules have imported."""
    home = getattr(value, "__module__", getattr(value, "__name__", ""))
    return not name.startswith("_") and str(home).partition(".")[0] == __name__


class _Module(_ModuleType):
    """This module: its options are those of the default client."""

    def __getattr__(self, name: str) -> _Any:
        if name in _OPTIONS or name == "last_response":
            return getattr(self.default_client(), name)
        if name == "__all__":
            return _load()
        hint = ""
        if not name.startswith("_"):
            names = _load()
            if name in names:
                return globals()[name]
            hint = _did_you_mean(name, (*names, *_OPTIONS))
        message = f"module {__name__!r} has no attribute {name!r}{hint}"
        raise AttributeError(message)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _OPTIONS:
            setattr(self.default_client(), name, value)
            return
        if not name.startswith("_") and not isinstance(value, _ModuleType):
            _load()
            _check_name(f"module {__name__!r}", name, value, globals().get(name))
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in _OPTIONS:  # as tools for tests do that put things back
            setattr(self, name, _defaults()[name])
            return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*_load(), *_OPTIONS, "last_response"}
        here = [*globals().items()]
        kept = {name for name, value in here if name.startswith("__") or _is_ours(name, value)}
        return sorted(names | kept)


_sys.modules[__name__].__class__ = _Module
