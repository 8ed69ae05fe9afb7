"""The inside of the server: what all chapters share."""

from __future__ import annotations

import asyncio
import logging
import platform
import uuid
from typing import TYPE_CHECKING, Any

from .._images.busybox import busybox
from .events import Events
from .operations import Operations
from .state import Alias, Network, Pool, Profile, Project, State, mac_address

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .._clock import Clock
    from .._faults import Faults
    from .._flavours import Flavour
    from .._keys import KeyPair
    from .answers import Json

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
        broken: what those have raised, and nobody has caught.
        commands: what users have added to the commands of all instances.
        dialled: whether it has connected to anybody.
        addresses: where it listens in the network, as ``host:port``.
        password: the trust password.
        ports: where on this machine what listens at an instance's ports is, as host and port.
        state: what it holds.
        operations: what goes on.
        events: whom it tells.
        hang_up: cuts all connections.
        show_certificate: shows `pair` on the connections to come.
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
        self.broken: list[Exception] = []
        self.dialled = False
        self.addresses: list[str] = []
        self.ports: dict[tuple[str, int], tuple[str, int]] = {}
        self.state = State()
        self.operations = Operations(self)
        self.events = Events(self)
        self.hang_up: Callable[[], object] = _nothing
        self.show_certificate: Callable[[], object] = _nothing
        self._tasks: set[asyncio.Task[Any]] = set()
        self._furnish()

    @property
    def member(self) -> str:
        """Its name."""
        cluster = self.state.cluster
        return cluster.name if cluster else platform.node() or "embedded"

    @property
    def location(self) -> str:
        """Where things are: on the member of its cluster, or on none."""
        cluster = self.state.cluster
        return cluster.name if cluster else "none"

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

    def warn(self, kind: str, message: str = "", project: str = "") -> None:
        """Note down a warning.

        Args:
            kind: what it is about, such as ``"Instance type not operational"``.
            message: what has been said.
            project: that it is about, if it is about one.
        """
        made: Json = {
            "status": "new",
            "uuid": str(uuid.uuid4()),
            "location": self.location,
            "project": project,
            "type": kind,
            "count": 1,
            "first_seen_at": self.clock.text(),
            "last_seen_at": self.clock.text(),
            "last_message": message,
            "severity": "low",
            "entity_url": "",
        }
        self.state.warnings[made["uuid"]] = made

    def restart(self) -> None:
        """Lose what a server loses when it restarts: its operations, and those who listen."""
        for operation in self.operations.known():
            if not operation.ended.is_set():
                operation.cancel()
        self.operations.forget(ended_only=False)
        for instance in self.state.instances():
            for job in list(instance.jobs):
                job.abandon()

    def empty(self) -> None:
        """Begin anew with an empty database; where it listens is written elsewhere."""
        self.restart()
        kept = {
            key: value
            for key, value in self.state.config.items()
            if key in {"cluster.https_address", "core.https_address"}
        }
        self.state = State(config=kept)
        self._furnish_project()

    async def stop(self) -> None:
        """End everything that goes on."""
        self.restart()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _furnish(self) -> None:
        """Put in what a server has that is ready for use: a pool, a network, an image."""
        flavour, state = self.flavour, self.state
        default = self._furnish_project()
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
        default.profiles["default"].devices = {
            "eth0": {"name": "eth0", "network": NETWORK, "type": "nic"},
            "root": {"path": "/", "pool": "default", "type": "disk"},
        }
        image = busybox(self.clock.text())
        default.images[image.fingerprint] = image
        default.aliases["busybox"] = Alias(image.fingerprint)
        self.warn("Instance type not operational", "vhost_vsock kernel module not loaded")

    def _furnish_project(self) -> Project:
        """Put in what every server has: a project, with an empty profile."""
        title = self.flavour.product.title
        names = _FEATURES if self.flavour.lxd else (*_FEATURES, *_INCUS_FEATURES)
        config = {f"features.{name}": "true" for name in sorted(names)}
        default = Project("default", config, f"Default {title} project")
        self.state.projects["default"] = default
        default.profiles["default"] = Profile("default", description=f"Default {title} profile")
        return default


def _nothing() -> None:
    """Do nothing, before the server listens."""
