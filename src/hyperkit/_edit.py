"""Editing: read an object, let it be changed, write it back if nobody else was faster."""

from __future__ import annotations

import copy
import random
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ._request import strings
from ._resource import Resource
from .errors import ArgumentError, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from types import TracebackType

    from ._connection import Connection
    from .types import Operation

# How often a change goes on top of what others have changed meanwhile, and the longest pause
# before the next time, in seconds.
_TRIES = 10
_PAUSE = 0.05
# What changes a field that an edit does not.
_ELSEWHERE = {
    "aliases": "create_image_alias and delete_image_alias change them",
    "name": "a rename_ method changes it, where there is one",
    "status": "start_ and stop_ methods change it",
}
Kind = TypeVar("Kind", bound=Resource)


class Edit(AbstractContextManager[Kind]):
    """What ``edit_*`` methods return: nothing is read before its block begins."""

    def __init__(self, block: AbstractContextManager[Kind]) -> None:
        self._block = block

    def __enter__(self) -> Kind:
        """Read the object."""
        return self._block.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Write it back, unless the block raised."""
        return self._block.__exit__(kind, error, traceback)

    # Hidden from checkers, which see what is missing by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say how an edit is made, to who takes this for the object."""
            message = f"An edit has no {name!r}: use it as `with client.edit_...(...) as found:`."
            raise AttributeError(message)


def editing(
    client: Connection,
    read: Callable[[], Kind],
    write: Callable[[Kind, str | None], object],
    fields: Sequence[str] | None = ("config", "description"),
    *,
    url: str = "",
    unwatched: Sequence[str] = (),
    **query: Any,
) -> Edit[Kind]:
    """Hand out an object, and write it back with its ETag when the block ends.

    Nothing is written if the block raises, or if it changes nothing.

    Args:
        client: what reads and writes.
        read: gets the object.
        write: puts it, given the object and its ETag.
        fields: what ``write`` takes of it; None for everything.
        url: of the object, where there are unwatched fields.
        unwatched: fields that the server's ETag leaves out: they are read once more right
            before the object is written, and kept as others have written them.
        query: parameters of the URL.

    Raises:
        ArgumentError: another field was changed.
        PreconditionFailed: somebody else has changed it meanwhile.
    """

    @contextmanager
    def block() -> Generator[Kind]:
        found = read()
        etag = etag_of(client)
        before = copy.deepcopy(found)
        yield found
        if found == before:
            return
        if fields is not None:
            refuse_fixed(found, before, fields)
        if not unwatched:
            write(found, etag)
            return
        with client._alone(url, query):
            carry_over(unwatched, before, found, read(), url)
            write(found, etag)

    return Edit(block())


def carry_over(
    fields: Sequence[str], before: Resource, mine: Resource, theirs: Resource, url: str
) -> None:
    """Keep what others have written into fields that no ETag watches.

    Args:
        fields: their names.
        before: the object as it was read.
        mine: as it is to be; what others have written is put in.
        theirs: as it has become meanwhile.
        url: of the object.

    Raises:
        PreconditionFailed: a field was changed by others and here.
    """
    for field in fields:
        read, written, now = before.get(field), mine.get(field), theirs.get(field)
        if now in (read, written):
            continue
        if written != read:
            message = f"Its {field} has changed since it was read: it is {now!r}, not {read!r}."
            raise PreconditionFailed(message, status_code=412, method="PUT", url=url)
        mine[field] = now


def refuse_fixed(found: Resource, before: Resource, fields: Sequence[str]) -> None:
    """Refuse a change that would not be written, and say what makes it instead.

    Args:
        found: as it is to be.
        before: as it was read.
        fields: what can be written.

    Raises:
        ArgumentError: another field was changed.
    """
    for field in {**before, **found}:
        if field not in fields and before.get(field) != found.get(field):
            other = _ELSEWHERE.get(field, f"only {', '.join(fields)} can")
            message = f"{field!r} of the {type(found).__name__} cannot be edited: {other}."
            raise ArgumentError(message)


def described(found: Resource) -> dict[str, Any]:
    """Take what can be written of an object that has a configuration and a description."""
    return {"config": strings(found["config"]), "description": found["description"]}


def etag_of(client: Connection) -> str | None:
    """Take the ETag of what this thread has just read."""
    response = client.last_response
    return None if response is None else response.headers.get("ETag")


def patched(
    client: Connection,
    url: str,
    body: dict[str, Any],
    *kept: str,
    etag: str | None,
    match: bool = False,
    **query: Any,
) -> Operation:
    """Change the fields that are given, and lose none of the others.

    What servers call a PATCH clears fields that it leaves out, and they drop the connection
    where ``config`` is one of them. So it names all of them, as they were just read, and is
    refused if somebody else has changed them since.

    Args:
        client: what reads and writes.
        url: of the object.
        body: the fields that are given.
        kept: the fields that the server would clear.
        etag: the caller's; None goes on top of what the object has become.
        match: whether the server has to be helped with the ETag.
        query: parameters.

    Raises:
        PreconditionFailed: it has changed since.
    """
    body = {"config": {}, **body}
    if set(kept) <= set(body) and "config" not in kept:
        if match:
            must_match(client, url, etag, **query)
        return client._patch(url, body, etag=etag, **query)

    def change() -> Operation:
        found = client._object(url, Resource, **query)
        if match:
            _compare(client, url, etag)
        # Of some objects, the configuration is replaced as well.
        own = found.get("config") if "config" in kept else None
        whole = {name: found.get(name) for name in kept} | body
        whole["config"] = {**(own or {}), **body["config"]}
        return client._patch(url, whole, etag=etag or etag_of(client), **query)

    with client._alone(url, query):
        return _on_top(change, etag)


def put_matching(
    client: Connection, url: str, body: dict[str, Any], *, etag: str | None, **query: Any
) -> Operation:
    """Replace an object, if its ETag is still this one.

    Of some objects servers send an ETag, and then pass over ``If-Match`` without a word: so it
    is compared right before the change.

    Args:
        client: what reads and writes.
        url: of the object.
        body: all of it.
        etag: of what was read; None for no comparison.
        query: parameters.

    Raises:
        PreconditionFailed: it has changed since.
    """
    with client._alone(url, query):
        must_match(client, url, etag, **query)
        return client._put(url, body, etag=etag, **query)


def _on_top(change: Callable[[], Operation], etag: str | None) -> Operation:
    """Change something that was just read; again, if somebody else was faster."""
    left = _TRIES
    while True:
        left -= 1
        try:
            return change()
        except PreconditionFailed:
            if etag or not left:
                raise
        # Programs that keep step with each other would meet again and again.
        time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - no secret


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
    if etag is not None:
        client._get(url, **query)
        _compare(client, url, etag)


def _compare(client: Connection, url: str, etag: str | None) -> None:
    """Compare an ETag with that of what was just read."""
    found = etag_of(client)
    if etag and found and found.strip('"') != etag.strip('"'):
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
