"""The state of instances: started, stopped, frozen; and where instances are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from .._request import check_names, given, path
from ..errors import ArgumentError
from ..types import InstanceState
from .operations import OperationsMixin

if TYPE_CHECKING:
    from ..types import Operation

Action = Literal["start", "stop", "restart", "freeze", "unfreeze"]
_ACTIONS = get_args(Action)


class InstanceStateMixin(OperationsMixin):
    """Chapter "instances" of the API, as far as their state goes."""

    def freeze_instance(
        self, name: str, *, timeout: int | None = None, sync: bool | None = None
    ) -> Operation:
        """Freeze all processes of an instance: ``PUT /1.0/instances/<name>/state``.

        Args:
            name: such as ``"web"``.
            timeout: whole seconds that the server tries.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it could not be frozen.

        Example:
            >>> client.freeze_instance("web").status
            'Success'
        """
        return self._change_state(name, "freeze", timeout=timeout, sync=sync)

    def instance_state(self, name: str) -> InstanceState:
        """Read what an instance is doing: ``GET /1.0/instances/<name>/state``.

        Args:
            name: such as ``"web"``.

        Returns:
            Processes, memory, disks (in bytes), processor time (in nanoseconds),
            network addresses.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.instance_state("web").memory.usage > 0
            True
        """
        return self._object(self._path(name, "state"), InstanceState)

    def restart_instance(
        self,
        name: str,
        *,
        force: bool | None = None,
        timeout: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Restart an instance: ``PUT /1.0/instances/<name>/state``.

        Args:
            name: such as ``"web"``.
            force: True does not ask it to shut down.
            timeout: whole seconds that it has for its shutdown.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it could not be restarted, or not in time.

        Example:
            >>> client.restart_instance("web", timeout=30).status
            'Success'
        """
        return self._change_state(name, "restart", force=force, timeout=timeout, sync=sync)

    def start_instance(
        self,
        name: str,
        *,
        stateful: bool | None = None,
        timeout: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Start an instance: ``PUT /1.0/instances/<name>/state``.

        Args:
            name: such as ``"web"``.
            stateful: True goes on from the state that a stateful stop has kept.
            timeout: whole seconds that the server tries.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it could not be started, or is running.

        Example:
            >>> client.start_instance("web").status
            'Success'
        """
        return self._change_state(name, "start", stateful=stateful, timeout=timeout, sync=sync)

    def stop_instance(
        self,
        name: str,
        *,
        force: bool | None = None,
        stateful: bool | None = None,
        timeout: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Stop an instance: ``PUT /1.0/instances/<name>/state``.

        It is asked to shut down, and has ``timeout`` for that. An ephemeral
        instance is deleted by its stop: that is a success.

        Args:
            name: such as ``"web"``.
            force: True pulls the plug.
            stateful: True keeps its memory for a stateful start.
            timeout: whole seconds that it has for its shutdown; no limit if None.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it did not stop in time, or is stopped already.

        Example:
            >>> client.stop_instance("web", timeout=30).status
            'Success'
        """
        return self._change_state(
            name, "stop", force=force, stateful=stateful, timeout=timeout, sync=sync
        )

    def unfreeze_instance(
        self, name: str, *, timeout: int | None = None, sync: bool | None = None
    ) -> Operation:
        """Let a frozen instance go on: ``PUT /1.0/instances/<name>/state``.

        Args:
            name: such as ``"web"``.
            timeout: whole seconds that the server tries.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it is not frozen.

        Example:
            >>> client.unfreeze_instance("web").status
            'Success'
        """
        return self._change_state(name, "unfreeze", timeout=timeout, sync=sync)

    def update_instances_state(
        self,
        action: Action,
        *,
        force: bool | None = None,
        stateful: bool | None = None,
        timeout: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Start, stop, restart, freeze or unfreeze all instances: ``PUT /1.0/instances``.

        API extension ``instance_bulk_state_change``. Those of one project; the ones that
        are in that state already are left alone.

        Args:
            action: ``"start"``, ``"stop"``, ``"restart"``, ``"freeze"`` or ``"unfreeze"``.
            force: True does not ask them to shut down.
            stateful: True keeps their memory, or goes on from it.
            timeout: whole seconds that each has for its shutdown; no limit if None.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: there is no such action.
            OperationFailed: some of them have not come into that state.

        Example:
            >>> client.update_instances_state("stop", timeout=30).status
            'Success'
        """
        if action not in _ACTIONS:
            message = f"{action!r} is no action: use one of {', '.join(_ACTIONS)}."
            raise ArgumentError(message)
        body = {"state": _state(action, force=force, stateful=stateful, timeout=timeout)}
        self._need("instance_bulk_state_change", "update_instances_state")
        url = path(self._capabilities().instances)
        return self._handle_async(self._put(url, body), sync)

    def _change_state(
        self,
        name: str,
        action: Action,
        *,
        force: bool | None = None,
        stateful: bool | None = None,
        timeout: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        body = _state(action, force=force, stateful=stateful, timeout=timeout)
        return self._handle_async(self._put(self._path(name, "state"), body), sync)

    def _path(self, name: str, *rest: str) -> str:
        """Build the path of an instance, or of something in it."""
        check_names(name, *rest)
        return path(self._capabilities().instances, name, *rest)


def _state(
    action: str, *, force: bool | None, stateful: bool | None, timeout: int | None
) -> dict[str, Any]:
    """Write the state that is wanted."""
    if timeout is not None and (timeout != int(timeout) or timeout < -1):
        message = f"timeout is in whole seconds (-1: no limit), not {timeout!r}."
        raise ArgumentError(message)
    # LXD of the first years takes a missing timeout for "at once".
    return given(
        action=action,
        force=force,
        stateful=stateful,
        timeout=-1 if timeout is None else int(timeout),
    )
