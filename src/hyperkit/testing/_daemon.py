"""The inside of the server: what all chapters share."""

from __future__ import annotations

import asyncio
import logging
import platform
from typing import TYPE_CHECKING, Any

from ._busybox import busybox
from ._events import Events
from ._operations import Operations
from ._state import Alias, Network, Pool, Profile, Project, State, mac_address
from ._warnings import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ._clock import Clock
    from ._faults import Faults
    from ._flavours import Flavour
    from ._keys import KeyPair

_LOG = logging.getLogger("hyperkit.testing")
NETWORK = "lxdbr0"
_FEATURES = ("images", "networks", "profiles", "storage.volumes")
_INCUS_FEATURES = ("networks.zones", "storage.buckets")


class Daemon:
    """The server's inside. Everything here happens in one thread, on its event loop.

    Attributes:
        flavour: which server it poses as.
        clock: its time.
        faults: what is to go wrong.
        pace: seconds that each operation takes at least.
        pair: its certificate and key.
        commands: what users have added to the commands of all instances.
        addresses: where it listens in the network, as ``host:port``.
        password: the trust password.
        state: what it holds.
        member: its name in its cluster of one.
        operations: what goes on.
        events: whom it tells.
    """

    def __init__(
        self,
        flavour: Flavour,
        clock: Clock,
        faults: Faults,
        pair: KeyPair,
        *,
        password: str,
        pace: float,
    ) -> None:
        self.flavour = flavour
        self.clock = clock
        self.faults = faults
        self.pair = pair
        self.pace = pace
        self.password = password
        self.commands: dict[str, Callable[..., Any]] = {}
        self.addresses: list[str] = []
        self.state = State()
        self.operations = Operations(self)
        self.events = Events(self)
        self.member = platform.node() or "embedded"
        self._tasks: set[asyncio.Task[Any]] = set()
        self._furnish()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("An operation of the embedded server broke", exc_info=task.exception())

    def restart(self) -> None:
        """Lose what a server loses when it restarts: its operations, and those who listen."""
        for operation in self.operations.known():
            if not operation.ended.is_set():
                operation.cancel()
        self.operations.forget(ended_only=False)
        for instance in self.state.instances():
            for job in list(instance.jobs):
                job.abandon()
            instance.console_in_use = False

    async def stop(self) -> None:
        """End everything that goes on."""
        self.restart()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _furnish(self) -> None:
        """Put in what a new server has: a project, a profile, a pool, a network, an image."""
        flavour, state = self.flavour, self.state
        title = flavour.product.title
        names = _FEATURES if flavour.lxd else (*_FEATURES, *_INCUS_FEATURES)
        config = {f"features.{name}": "true" for name in sorted(names)}
        default = Project("default", config, f"Default {title} project")
        state.projects["default"] = default
        state.pools["default"] = Pool(
            "default", "dir", {"source": f"/var/lib/{flavour.product.name}/storage-pools/default"}
        )
        default.networks[NETWORK] = Network(
            NETWORK,
            config={
                "ipv4.address": "10.158.0.1/24",
                "ipv4.nat": "true",
                "ipv6.address": "none",
            },
            hwaddr=mac_address(flavour.lxd),
        )
        default.profiles["default"] = Profile(
            "default",
            devices={
                "eth0": {"name": "eth0", "network": NETWORK, "type": "nic"},
                "root": {"path": "/", "pool": "default", "type": "disk"},
            },
            description=f"Default {title} profile",
        )
        image = busybox(self.clock.text())
        default.images[image.fingerprint] = image
        default.aliases["busybox"] = Alias(image.fingerprint)
        warn(self, "Instance type not operational", "vhost_vsock kernel module not loaded")
