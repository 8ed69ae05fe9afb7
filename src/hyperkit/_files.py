"""Paths in instances and in storage volumes: one protocol for the files of both."""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from ._payload import Payload
from ._request import given
from .errors import ArgumentError, InvalidResponse, NotFound
from .types import FileInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from ._connection import Connection
    from ._link import Download

# As many links as Linux follows.
_MAX_LINKS = 40
# Servers drop the bits above these without a word.
MODES = 0o777
_EXTENSIONS = {"directory": "directory_manipulation", "symlink": "file_symlinks"}


class Place:
    """A path in an instance or in a storage volume, and what can be done there.

    Args:
        client: of the server.
        url: gives that of the files, such as ``"/1.0/instances/web/files"``; asked for
            when all else has been checked.
        owner: what the files belong to, for messages.
        file: the path; `absolute` has checked it.
    """

    def __init__(self, client: Connection, url: Callable[[], str], owner: str, file: str) -> None:
        self._client = client
        self._url = url
        self._owner = owner
        self._file = file

    def delete(self, *, force: bool | None = None) -> None:
        """Delete what is there; ``force`` deletes a folder with all that is in it."""
        client, url = self._client, self._url()
        client._need("file_delete", "deleting files")
        headers: dict[str, str] = {}
        if force:
            client._need("file_delete_force", "force")
            headers[client._header("force")] = "true"
        client._change("DELETE", url, None, {"path": self._file}, headers=headers)

    def info(self) -> FileInfo:
        """Look at what is there; links are not followed."""
        client, url = self._client, self._url()
        if not client.has_extension("instance_file_head"):
            with self.stream() as download:
                return self.described(download.headers)
        response = client._request("HEAD", url, query={"path": self._file})
        if response.status_code == 404:
            reason = f"there is no {self._file}, or no {self._owner}"
            raise NotFound(reason, status_code=404, method="HEAD", url=url, hint="")
        client._read(response)
        return self.described(response.headers)

    def names(self) -> list[str]:
        """List a folder."""
        client = self._client
        client._need("directory_manipulation", "listing a folder")
        with self._found() as (kind, download):
            if kind != "directory":
                message = f"{self._file} in {self._owner} is a {kind}, not a directory."
                raise ArgumentError(message)
            download.fill()
            names: Any = client._read(download.response)["metadata"] or []
        return sorted(str(name) for name in names)

    def make_directory(
        self,
        *,
        gid: int | None = None,
        mode: int | None = None,
        parents: bool = False,
        uid: int | None = None,
    ) -> None:
        """Make a folder, and with ``parents`` those above it."""
        steps = [self._file]
        while parents and posixpath.dirname(steps[0]) not in {"/", steps[0]}:
            steps.insert(0, posixpath.dirname(steps[0]))
        for step in steps:
            self._at(step).send(Payload(b""), gid=gid, mode=mode, type="directory", uid=uid)

    def send(
        self,
        payload: Payload,
        *,
        append: bool = False,
        gid: int | None = None,
        mode: int | None = None,
        modify_permissions: bool = False,
        type: Literal["directory", "symlink"] | None = None,
        uid: int | None = None,
    ) -> None:
        """Send what becomes a file; the mode as four octal digits."""
        client = self._client
        if mode is not None and not 0 <= mode <= MODES:
            message = (
                f"mode must be between 0 and 0o777, such as 0o644, not {oct(mode)}: servers set "
                "no set-user-ID, set-group-ID or sticky bit."
            )
            raise ArgumentError(message)
        for name, number in (("uid", uid), ("gid", gid)):
            if number is not None and number < 0:
                message = f"{name} must be 0 or more, not {number!r}."
                raise ArgumentError(message)
        url = self._url()
        if append:
            client._need("file_append", "append")
        if type is not None:
            client._need(_EXTENSIONS[type], f"A {type}")
        owned = given(uid=uid, gid=gid, mode=None if mode is None else f"{mode:04o}")
        fields = owned | given(type=type, write="append" if append else None)
        if modify_permissions:
            client._need("instances_files_modify_permissions", "modify_permissions")
            if owned:
                fields["modify-perm"] = ",".join(owned)
        headers = {client._header(name): str(value) for name, value in fields.items()}
        client._upload(url, payload, headers=headers, path=self._file)

    @contextmanager
    def stream(self) -> Generator[Download]:
        """Open whatever is there; links are not followed."""
        with self._client._stream(self._url(), path=self._file) as download:
            yield download

    @contextmanager
    def open(self) -> Generator[Download]:
        """Open a file, and nothing else; links are followed."""
        with self._found() as (kind, download):
            if kind == "directory":
                message = (
                    f"{self._file} in {self._owner} is a directory: list it, or copy it whole."
                )
                raise ArgumentError(message)
            yield download

    def described(self, headers: Mapping[str, str]) -> FileInfo:
        """Read what the headers say of a file."""
        name = self._client._header
        kind = headers.get(name("type"), "file")
        length = headers.get("Content-Length", "")
        try:
            return FileInfo(
                type=kind,
                mode=int(headers.get(name("mode"), "0644"), 8) & MODES,
                uid=int(headers.get(name("uid"), "0")),
                gid=int(headers.get(name("gid"), "0")),
                size=int(length) if kind == "file" and length.isdecimal() else None,
                modified=headers.get(name("modified"), ""),
            )
        except ValueError as error:
            message = f"The server describes a file by headers that make no sense: {error}."
            raise InvalidResponse(message) from error

    def _at(self, file: str) -> Place:
        """Name another path beside this one."""
        return Place(self._client, self._url, self._owner, file)

    @contextmanager
    def _found(self) -> Generator[tuple[str, Download]]:
        """Open what is there, whatever it is; symbolic links are followed."""
        place = self
        for _ in range(_MAX_LINKS):
            with place.stream() as download:
                kind = download.headers.get(self._client._header("type"), "file")
                if kind != "symlink":
                    yield kind, download
                    return
                # A link's target is resolved by the server, and may be long gone.
                target = download.read(4096).decode("utf-8", "surrogateescape")
                folder = posixpath.dirname(place._file)
                place = self._at(posixpath.normpath(posixpath.join(folder, target)))
        message = (
            f"{self._file} in {self._owner} leads through more than {_MAX_LINKS} symbolic links."
        )
        raise ArgumentError(message)


def absolute(file: str) -> str:
    """Check a path before anything is sent.

    Raises:
        ArgumentError: it is not absolute, or cannot be a path.
    """
    if not isinstance(file, str) or not file.startswith("/") or "\0" in file:  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"{file!r} is not an absolute path."
        raise ArgumentError(message)
    return file


def mode_of(source: str | os.PathLike[str] | IO[Any]) -> int | None:
    """Read the permissions of a file at a path; an open file has none of its own."""
    if not isinstance(source, (str, os.PathLike)):
        return None
    return Path(source).expanduser().stat().st_mode & MODES
