"""Waiting until an instance is what it is to be."""

from __future__ import annotations

import math
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ._request import check_timeout
from ._shape import fields_of, listed
from .errors import (
    APIError,
    ArgumentError,
    InstanceNotReady,
    InternalServerError,
    NotFound,
    TimeoutExpired,
)
from .types import InstanceState

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._api.readiness import ReadinessMixin, Until
    from ._events import Events

# Seconds between two looks: where events tell, and where none do.
SELDOM = 5.0
OFTEN = 0.5
CLOUD_INIT = ["cloud-init", "status", "--wait"]
# "Degraded": it has done its work, and has something to say about it.
RECOVERABLE = 2


def _is_running(state: InstanceState) -> bool:
    return state.status == "Running"


def _is_stopped(state: InstanceState) -> bool:
    return state.status == "Stopped"


def _has_address(state: InstanceState) -> bool:
    cards = fields_of(state.get("network"))
    return _is_running(state) and any(
        address.get("scope") == "global"
        for name, card in cards.items()
        if name != "lo"
        for address in listed(fields_of(card).get("addresses"), dict)
    )


def _has_agent(state: InstanceState) -> bool:
    return _is_running(state) and state.processes >= 0


_CONDITIONS: dict[str, Callable[[InstanceState], object]] = {
    "running": _is_running,
    "stopped": _is_stopped,
    "ip": _has_address,
    "agent": _has_agent,
    "cloud-init": _has_agent,
}
_TOLD_BY_EVENTS = {"running", "stopped"}


def check_until(until: Until, timeout: float | None) -> None:
    """Refuse what cannot be waited for.

    Raises:
        ArgumentError: ``until`` is no condition, or ``timeout`` is below 0.
    """
    if not callable(until) and until not in _CONDITIONS:
        known = ", ".join(_CONDITIONS)
        message = f"until must be one of {known}, or a function of the state: {until!r}."
        raise ArgumentError(message)
    check_timeout(timeout)


class Ready:
    """One wait for one instance.

    Args:
        client: of its server.
        name: the instance's.
        until: the condition.
        timeout: seconds; None for no limit.
    """

    def __init__(
        self, client: ReadinessMixin, name: str, until: Until, timeout: float | None
    ) -> None:
        self._client = client
        self._name = name
        self._until = until
        self._condition = until if callable(until) else _CONDITIONS[until]
        self._pause = SELDOM if until in _TOLD_BY_EVENTS else OFTEN
        self._timeout = timeout
        self._deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._state: InstanceState | None = None

    def run(self) -> InstanceState:
        """Look, and wait for a reason to look again."""
        if self._client.has_extension("event_lifecycle"):
            self._listen()
        else:
            self._watch(None)
        if self._until == "cloud-init":
            self._cloud_init()
        return self._look()

    def _listen(self) -> None:
        """Let events tell when to look again, if this client may listen."""
        with closing(self._client.events(types="lifecycle")) as events:
            try:
                events.__enter__()
            except APIError:
                self._watch(None)
            else:
                self._watch(events)

    def _watch(self, events: Events | None) -> None:
        while not self._condition(self._look()):
            if time.monotonic() >= self._deadline:
                raise self._not_ready()
            again = min(time.monotonic() + self._pause, self._deadline)
            if events is None:
                time.sleep(min(OFTEN, max(0.0, again - time.monotonic())))
                continue
            while (left := again - time.monotonic()) > 0:
                event = events.next(left)
                if event is not None and self._concerns(event):
                    break

    def _concerns(self, event: Any) -> bool:
        metadata: dict[str, Any] = event.get("metadata") or {}
        source = str(metadata.get("source") or "")
        path = source.partition("?")[0].split("/")
        return event.type != "lifecycle" or self._name in path

    def _look(self) -> InstanceState:
        try:
            self._state = self._read()
        except NotFound:
            if self._state is None or self._until != "stopped":
                raise
            # An ephemeral one: it has stopped, and is gone.
            self._state = InstanceState(self._state, status="Stopped", status_code=102)
        return self._state

    def _read(self) -> InstanceState:
        try:
            return self._client.instance_state(self._name)
        except InternalServerError:
            # Incus 7 stumbles over an instance that stops while it is looked at.
            time.sleep(OFTEN)
            return self._client.instance_state(self._name)

    def _cloud_init(self) -> None:
        left = None if self._timeout is None else max(0.1, self._deadline - time.monotonic())
        try:
            done = self._client.run(self._name, CLOUD_INIT, capture_output=True, timeout=left)
        except TimeoutExpired as error:
            raise self._not_ready() from error
        if done.returncode != RECOVERABLE:
            done.check_returncode()

    def _not_ready(self) -> InstanceNotReady:
        until = self._until
        # What can be called need not have a name.
        what = until if isinstance(until, str) else getattr(until, "__name__", repr(until))
        return InstanceNotReady(self._name, what, self._timeout or 0.0, self._state)
