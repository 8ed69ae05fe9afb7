"""Testing programs that use hyperkit, without LXD or Incus.

`Server` is an LXD or Incus in memory, on a real socket. It needs the extra
``pyhyperkit[testing]``.

>>> from hyperkit.testing import Server
>>> with Server("incus-6.0") as server, server.client() as client:
...     client.launch_instance("web", alias="busybox").status
'Running'
"""

from __future__ import annotations

from ._app import Request as Request
from ._clock import Clock as Clock
from ._faults import Faults as Faults
from ._flavours import FLAVOURS as FLAVOURS
from ._jobs import Command as Command
from ._server import Server as Server
