"""Events: what happens on the server, as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._events import Events
from .._hint import SLIP, did_you_mean
from .._request import given
from ..errors import ArgumentError
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

# Those that servers had when this was written; what comes later is let through.
_TYPES = ("lifecycle", "logging", "network-acl", "operation", "ovn", "security")


class EventsMixin(OperationsMixin):
    """Chapter "events" of the API."""

    def events(
        self,
        *,
        all_projects: bool | None = None,
        project: str | None = None,
        reconnect: bool = True,
        timeout: float | None = None,
        types: str | Sequence[str] | None = None,
    ) -> Events:
        """Listen to what happens: ``GET /1.0/events``, a websocket.

        The server keeps nothing: it tells what happens from the moment that the block is
        entered. After a lost connection or a restart of the server, an event of the type
        ``"gap"`` says that something may have been missed.

        Args:
            all_projects: True listens to every project.
            project: to listen to, in the place of the client's.
            reconnect: False raises when the connection is lost.
            timeout: seconds without an event until the iteration ends; None for no limit.
            types: ``"lifecycle"``, ``"operation"``, ``"logging"``, or others of the server's:
                one, or a list of them; None for all that the client may see.

        Returns:
            A context manager and iterator of `Event`; its ``close()`` may be called from
            any thread, and ends the iteration.

        Raises:
            APIError: the server knows no such type.
            ArgumentError: ``project`` and ``all_projects`` at once; or a type is misspelt.
            Forbidden: this client may not listen to that.
            MissingExtension: the server tells of no ``"lifecycle"``: LXD 2 is one.

        Example:
            >>> with client.events(types="lifecycle", timeout=5) as events:
            ...     started = client.start_instance("web", sync=False)
            ...     print(next(iter(events)).metadata.action)
            instance-started
        """
        if all_projects and project is not None:
            message = "Listen to one project or to all of them, not both."
            raise ArgumentError(message)
        kinds = [types] if isinstance(types, str) else types or ()
        for kind in kinds:
            hint = did_you_mean(kind, _TYPES, likeness=SLIP)
            if hint and kind not in _TYPES:
                message = f"There are no events of the type {kind!r}{hint}"
                raise ArgumentError(message)
        if "lifecycle" in kinds:
            self._need("event_lifecycle", 'types="lifecycle"')
        query = given(
            type=",".join(kinds) if kinds else None,
            project=None if all_projects else project or self._own_project(),
        )
        if all_projects:
            query["all-projects"] = "true"
        return Events(self, query, timeout, reconnect=reconnect)
