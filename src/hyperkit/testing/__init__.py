"""Testing programs that use hyperkit, without LXD or Incus.

`Server` is an LXD or Incus in memory, on a real socket; `record` and `replay` keep what a
real server has answered. They need the extra ``pyhyperkit[testing]``. With pytest, the
fixtures ``hyperkit_server`` and ``hyperkit_client`` are there.

>>> from hyperkit.testing import Server
>>> with Server("incus-6.0") as server, server.client() as client:
...     client.launch_instance("db", alias="busybox").status
'Running'
"""

from __future__ import annotations

try:
    import aiohttp as _aiohttp  # noqa: F401 # pyright: ignore[reportUnusedImport]
    import yaml as _yaml  # noqa: F401 # pyright: ignore[reportUnusedImport]
except ImportError as _error:  # pragma: no cover - where the extra is not installed
    _message = (
        f"hyperkit.testing needs {_error.name}: install the extra, as in"
        " `pip install 'pyhyperkit[testing]'`."
    )
    raise ImportError(_message, name=_error.name) from _error

from ._clock import Clock as Clock
from ._engine.app import Request as Request
from ._faults import Faults as Faults
from ._flavours import FLAVOURS as FLAVOURS
from ._guest.jobs import Command as Command
from ._recording import RecordingMismatch as RecordingMismatch
from ._recording import record as record
from ._recording import replay as replay
from ._server import Server as Server
