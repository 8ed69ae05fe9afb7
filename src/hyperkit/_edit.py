"""Editing: read an object, let it be changed, write it back if nobody else was faster."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ._request import strings
from ._resource import Resource
from .errors import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ._connection import Connection

Kind = TypeVar("Kind", bound=Resource)


@contextmanager
def editing(
    client: Connection, read: Callable[[], Kind], write: Callable[[Kind, str | None], object]
) -> Generator[Kind]:
    """Hand out an object, and write it back with its ETag when the block ends.

    Nothing is written if the block raises, or if it changes nothing.

    Args:
        client: what reads and writes.
        read: gets the object.
        write: puts it, given the object and its ETag.

    Raises:
        PreconditionFailed: somebody else has changed it meanwhile.
    """
    found = read()
    etag = etag_of(client)
    before = copy.deepcopy(found)
    yield found
    if found != before:
        write(found, etag)


def described(found: Resource) -> dict[str, Any]:
    """Take what can be written of an object that has a configuration and a description."""
    return {"config": strings(found["config"]), "description": found["description"]}


def etag_of(client: Connection) -> str | None:
    """Take the ETag of what this thread has just read."""
    response = client.last_response
    return None if response is None else response.headers.get("ETag")


def must_match(client: Connection, url: str, etag: str | None, **query: Any) -> None:
    """Compare an ETag right before a change, where no server does so in the change.

    Args:
        client: what reads and writes.
        url: of what is to be changed.
        etag: of what was read; None for no comparison.
        query: parameters.

    Raises:
        PreconditionFailed: it has changed since.
    """
    if etag is None:
        return
    client._get(url, **query)
    found = etag_of(client)
    if found is not None and found.strip('"') != etag.strip('"'):
        message = f"It has changed since it was read: its ETag is {found}, not {etag}."
        raise PreconditionFailed(message, status_code=412, method="GET", url=url)


def merged(before: Any, mine: Any, theirs: Any) -> Any:
    """Carry my change of some keys over to an object that others have changed.

    Args:
        before: the keys and values as they were read.
        mine: as they are to be.
        theirs: as they have become meanwhile.
    """
    changed = {key: value for key, value in mine.items() if before.get(key) != value}
    removed = set(before) - set(mine)
    return {key: value for key, value in theirs.items() if key not in removed} | changed
