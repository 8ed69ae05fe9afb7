"""Backups as files: streamed where the server can, else made, fetched and deleted."""

from __future__ import annotations

import datetime as dt
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._payload import BYTES
from ._progress import Meter
from ._transfer import save
from ._wait import SUCCESS
from .errors import ArgumentError, Error, InvalidResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._api.operations import OperationsMixin
    from ._progress import OnProgress
    from ._transfer import Destination

# So long the server keeps a backup that this program could not delete.
_KEPT = dt.timedelta(days=1)


def temporary() -> tuple[str, str]:
    """Make a name for a backup that nobody else will see, and say when it expires."""
    name = f"hyperkit-{secrets.token_hex(8)}"
    return name, (dt.datetime.now(dt.UTC) + _KEPT).isoformat(timespec="seconds")


def unnamed(name: str | None, argument: str, elsewhere: object) -> None:
    """Refuse a name for a backup that the server does not keep.

    Args:
        name: of the backup, if it was given one.
        argument: what the method calls the place that it is sent to.
        elsewhere: that place; None if it stays.

    Raises:
        ArgumentError: both are given.
    """
    if name is not None and elsewhere is not None:
        message = (
            "The server gives no name to a backup that it does not keep: leave name or "
            f"{argument} out."
        )
        raise ArgumentError(message)


def fetch_backup(
    client: OperationsMixin,
    url: str,
    dest: Destination,
    on_progress: OnProgress | None,
    *,
    progress: bool,
    text: str,
    target: str | None = None,
) -> Destination:
    """Save a backup that the server has.

    Args:
        client: of the server.
        url: of the backup; ``/export`` is added.
        dest: a path, or a file that is open for writing bytes.
        on_progress: called with bytes done, bytes in all (or None), and the text.
        progress: True draws a bar.
        text: what it is that comes.
        target: the cluster member that has it.

    Raises:
        ConnectionFailed: it broke half-way; a file at the path stays as it was.
    """
    with (
        client._stream(f"{url}/export", target=target) as download,
        Meter(on_progress, progress=progress, text=text) as meter,
    ):
        return save(download, dest, meter)


def export_as_backup(
    client: OperationsMixin,
    url: str,
    body: Mapping[str, Any],
    dest: Destination,
    on_progress: OnProgress | None,
    *,
    progress: bool,
    text: str,
    target: str | None = None,
) -> Destination:
    """Save a backup that is made for this, and leave none on the server.

    Args:
        client: of the server.
        url: of the list of backups.
        body: how the backup is to be, without a name.
        dest: a path, or a file that is open for writing bytes.
        on_progress: called with bytes done, bytes in all (or None), and the text.
        progress: True draws a bar.
        text: what it is that comes.
        target: the cluster member that has what is backed up.

    Raises:
        ConnectionFailed: it broke half-way; a file at the path stays as it was.
        OperationFailed: the server could not make it.
    """
    if client.has_extension("direct_backup"):
        with (
            client._stream(url, method="POST", body=dict(body), target=target) as download,
            Meter(on_progress, progress=progress, text=text) as meter,
        ):
            kind = download.headers.get("Content-Type", "")
            if kind != BYTES:
                message = f"POST {url} was to give a backup, but gave {kind or 'nothing'}."
                raise InvalidResponse(message)
            return save(download, dest, meter)
    name, expires_at = temporary()
    one = f"{url}/{name}"
    made = client._post(url, {**body, "name": name, "expires_at": expires_at}, target=target)
    try:
        made = client._handle_async(made, sync=True)
        return fetch_backup(
            client, one, dest, on_progress, progress=progress, text=text, target=target
        )
    finally:
        with suppress(Error):
            if made.status_code < SUCCESS:
                # The wait was interrupted: what is still being made cannot be deleted.
                client.wait_for_operation(made)
        with suppress(Error):
            client._handle_async(client._delete(one, target=target), sync=True)
