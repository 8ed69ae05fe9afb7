"""Migration: what instances, volumes and images have in common on their way to another server."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from ._connection import Connection
from ._relay import Relay
from ._request import refuse, uuid_of
from ._shape import fields_of, listed
from .errors import ArgumentError, Error, OperationFailed, OperationGone
from .types import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._api.operations import OperationsMixin
    from ._progress import OnProgress
    from .types import Operation

_MODES = {"pull", "push", "relay"}
# What servers say of an address where nobody answers.
_UNREACHED = re.compile(
    r"(unable|failed) to connect|\bdial tcp\b|connection refused|no route to host|i/o timeout",
    re.IGNORECASE,
)


def check_way(mode: str, to: object) -> None:
    """Refuse a way of migrating that there is not, and what is no other server."""
    if not isinstance(to, Connection):
        refuse("to", 'a client, such as Client(api_endpoint="remote:backup")', to)
    if mode not in _MODES:
        message = f'mode must be "pull", "push" or "relay", not {mode!r}.'
        raise ArgumentError(message)


def check_transfer(mode: str, to: object, snapshot: str | None, *, move: bool) -> None:
    """Refuse what cannot go to another server in one call."""
    check_way(mode, to)
    if move and snapshot is not None:
        message = "A snapshot is copied; what it was taken of cannot be moved by that."
        raise ArgumentError(message)


def addresses_of(client: OperationsMixin) -> tuple[list[str], str]:
    """Find the addresses of a server, and the certificate that it shows there.

    Raises:
        ArgumentError: it has none.
    """
    environment = fields_of(client._object("/1.0", Server).get("environment"))
    addresses = listed(environment.get("addresses"))
    if not addresses:
        message = f"{client!r} has no address for others: set its core.https_address, or relay."
        raise ArgumentError(message)
    return addresses, environment.get("certificate") or ""


def secrets_of(operation: Operation) -> dict[str, str]:
    """Pick the secrets of an operation's websockets."""
    metadata = fields_of(operation.get("metadata"))
    names = ("control", "fs", "criu")
    return {name: str(metadata[name]) for name in names if name in metadata}


def urls_of(operation: Operation, addresses: list[str]) -> list[str]:
    """Say where other servers find an operation."""
    uuid = uuid_of(operation)
    return [f"https://{address}/1.0/operations/{uuid}" for address in addresses]


def fetched(urls: list[str], fetch: Callable[[str], Operation]) -> Operation:
    """Try the addresses of a source until one can be reached."""
    for number, url in enumerate(urls, 1):
        try:
            return fetch(url)
        except OperationFailed as error:
            # An address that cannot be reached from here; the next one may.
            if number == len(urls) or _UNREACHED.search(error.reason) is None:
                raise
    message = "The source tells no address."
    raise ArgumentError(message)


def pulled(
    client: OperationsMixin, offered: Operation, fetch: Callable[[], Operation]
) -> Operation:
    """Have another server fetch what one offers, and wait until both have done their part."""
    done = _unless_failed(client, offered, fetch)
    with suppress(OperationGone):
        client.wait_for_operation(offered)
    return done


def delivered(
    mode: str,
    client: OperationsMixin,
    offer: Callable[[dict[str, Any] | None], Operation],
    to: OperationsMixin,
    door: Operation,
    on_progress: OnProgress | None,
    *,
    progress: bool,
) -> Operation:
    """Bring what one server offers to the door that another one has opened.

    Args:
        mode: ``"push"``: the one sends it; ``"relay"``: this program hands it on.
        client: of the server that offers.
        offer: starts its side, given the target of a push, or None.
        to: a client of the server that has opened the door.
        door: the operation that waits there.
        on_progress: called with percent, 100 (or None), and the server's words.
        progress: True draws a bar.

    Returns:
        The finished operation of the server that has opened the door.
    """

    def push() -> Operation:
        sent = offer(_target(to, door))
        _unless_failed(
            client,
            sent,
            lambda: client.wait_for_operation(sent, on_progress=on_progress, progress=progress),
        )
        return to.wait_for_operation(door)

    def relay() -> Operation:
        offered = offer(None)

        def hand_on() -> Operation:
            with closing(Relay(_websockets(client, offered), _websockets(to, door))):
                done = to.wait_for_operation(door, on_progress=on_progress, progress=progress)
                # The target's word counts: LXD 5.0 hangs up without a last message to the
                # source now and then, which takes that for a failure.
                with suppress(OperationFailed, OperationGone):
                    client.wait_for_operation(offered)
            return done

        return _unless_failed(client, offered, hand_on)

    return _unless_failed(to, door, push if mode == "push" else relay)


def _unless_failed(
    client: OperationsMixin, operation: Operation, action: Callable[[], Operation]
) -> Operation:
    """Do something; if that fails, leave no operation of a server running unseen."""
    try:
        return action()
    except BaseException:
        with suppress(Error):
            client.cancel_operation(operation)
        raise


def _target(to: OperationsMixin, door: Operation) -> dict[str, Any]:
    """Say where a server that sends finds the operation that waits for it."""
    addresses, certificate = addresses_of(to)
    return {
        "operation": urls_of(door, addresses)[0],
        "certificate": certificate,
        "secrets": secrets_of(door),
    }


def _websockets(
    client: OperationsMixin, operation: Operation
) -> tuple[OperationsMixin, str, dict[str, str]]:
    """Say how the websockets of an operation are reached."""
    return client, uuid_of(operation), secrets_of(operation)
