"""A client of the REST API of LXD and Incus: flat, synchronous, typed.

>>> import hyperkit
>>> hyperkit.create_container("web", alias="busybox")
>>> hyperkit.start_container("web")
>>> hyperkit.container_state("web").status
'Running'

Every method of `Client` is a function of this module too, on a default client.
Its options are variables of the module: ``hyperkit.auto_sync = False``.
"""

from __future__ import annotations

import sys as _sys
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ._batch import Batch as Batch
from ._client import Client as Client
from ._contact import ServerCertificate as ServerCertificate
from ._contact import server_certificate as server_certificate
from ._events import Events as Events
from ._filter import Filter as Filter
from ._filter import where as where
from ._filter import where_not as where_not
from ._functions import *  # noqa: F403 - the functions; the stub names them
from ._functions import default_client as _default_client
from ._key_pair import KeyPair as KeyPair
from ._key_pair import generate_key_pair as generate_key_pair
from ._options import OPTIONS as _OPTIONS
from ._options import VERSION as __version__  # noqa: F401, N811
from ._process import CompletedProcess as CompletedProcess
from ._process import Process as Process
from ._vga import VgaConsole as VgaConsole
from .errors import *  # noqa: F403
from .types import *  # noqa: F403

if _TYPE_CHECKING:
    from requests import Response as _Response
    from requests import Session as _Session

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


class _Module(_ModuleType):
    """This module: its options are those of the default client."""

    def __getattr__(self, name: str) -> _Any:
        if name in _OPTIONS or name == "last_response":
            return getattr(_default_client(), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _OPTIONS:
            setattr(_default_client(), name, value)
        else:
            super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Module
