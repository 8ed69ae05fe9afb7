"""Paths in instances and in storage volumes: one protocol for the files of both."""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Literal

from ._payload import Payload
from ._request import given
from ._shape import listed
from .errors import ArgumentError, InternalServerError, InvalidResponse, NotFound
from .types import FileInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from ._connection import Connection
    from ._link import Download

    # A path in an instance or in a storage volume.
    RemotePath = str | PurePosixPath

# As many links as Linux follows.
_MAX_LINKS = 40
# As deep as no honest tree is.
MAX_DEPTH = 200
# Servers drop the bits above these without a word.
MODES = 0o777
# What servers say where there is no folder for a file; LXD 2 says the other.
_NOTHING = {"not found", "open: no such file or directory"}
_EXTENSIONS = {"directory": "directory_manipulation", "symlink": "file_symlinks"}


class Place:
    """A path in an instance or in a storage volume, and what can be done there.

    Args:
        client: of the server.
        url: gives that of the files, such as ``"/1.0/instances/web/files"``; asked for
            when all else has been checked.
        owner: what the files belong to, for messages.
        file: the path, as `absolute` gives it.
    """

    def __init__(self, client: Connection, url: Callable[[], str], owner: str, file: str) -> None:
        self._client = client
        self._url = url
        self._owner = owner
        self._file = file

    def delete(self, *, force: bool | None = None) -> None:
        """Delete what is there; ``force`` deletes a folder with all that is in it."""
        client = self._client
        client._need("file_delete", "deleting files")
        if not force:
            try:
                self._remove()
            except InternalServerError as error:
                if "not empty" in error.reason:
                    error.add_note("force=True deletes a folder with all that is in it.")
                raise
        elif client.has_extension("file_delete_force"):
            self._remove({client._header("force"): "true"})
        else:
            self._remove_whole(0)

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
            return sorted(listed(client._read(download.response).get("metadata")))

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
        _check_mode(mode)
        check_id("uid", uid)
        check_id("gid", gid)
        url = self._url()
        if append:
            client._need("file_append", "append")
        if type is not None:
            client._need(_EXTENSIONS[type], f"a {type}")
        owned = given(uid=uid, gid=gid, mode=None if mode is None else f"{mode:04o}")
        fields = owned | given(type=type, write="append" if append else None)
        if modify_permissions:
            client._need("instances_files_modify_permissions", "modify_permissions")
            if owned:
                fields["modify-perm"] = ",".join(owned)
        headers = {client._header(name): str(value) for name, value in fields.items()}
        try:
            client._upload(url, payload, headers=headers, path=self._file)
        except NotFound as error:
            if error.reason.lower() not in _NOTHING:
                raise
            missing = (
                self._file if append else f"folder {posixpath.dirname(self._file.rstrip('/'))}"
            )
            message = f"there is no {missing} in {self._owner}"
            method, url = error.method, error.url
            raise NotFound(message, status_code=404, method=method, url=url) from error

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

    def _remove(self, headers: Mapping[str, str] | None = None) -> None:
        query = {"path": self._file}
        self._client._change("DELETE", self._url(), None, query, headers=headers)

    def _remove_whole(self, depth: int) -> None:
        """Delete what is there, after what is in it; links are not followed."""
        try:
            self._remove()
        except InternalServerError:
            if self.info().type != "directory":
                raise
            if depth > MAX_DEPTH:
                message = f"{self._file} is more than {MAX_DEPTH} folders deep."
                raise InvalidResponse(message) from None
            for name in self.names():
                self._at(inner(self._file, name))._remove_whole(depth + 1)
            self._remove()

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


def absolute(file: RemotePath) -> str:
    """Check a path before anything is sent.

    Returns:
        The path, as text.

    Raises:
        ArgumentError: it is not absolute, or cannot be a path.
    """
    text: Any = str(file) if isinstance(file, PurePosixPath) else file
    if not isinstance(text, str) or not text.startswith("/") or "\0" in text:
        message = f"{file!r} is not an absolute path."
        raise ArgumentError(message)
    return text


def inner(folder: str, name: str) -> str:
    """Name an entry of a folder, as the server has listed it.

    Raises:
        InvalidResponse: the server has made it up, since it leads out of the folder.
    """
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        message = f"The server lists a name that would lead out of the folder: {name!r}."
        raise InvalidResponse(message)
    return posixpath.join(folder, name)


def check_id(name: str, number: Any) -> None:
    """Refuse what is no number of a user or a group; None means "not given".

    Args:
        name: of the argument: ``"uid"``, ``"user"``, ``"gid"`` or ``"group"``.
        number: its value.

    Raises:
        ArgumentError: it is none.
    """
    if number is None:
        return
    if isinstance(number, str):
        message = (
            f"{name} must be a number, not {number!r}: only the instance knows the names "
            f"(`id -{name[0]} {number}`)."
        )
        raise ArgumentError(message)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        message = f"{name} must be a number, 0 or more, not {number!r}."
        raise ArgumentError(message)


def _check_mode(mode: Any) -> None:
    if mode is None:
        return
    if not isinstance(mode, int) or isinstance(mode, bool):
        message = f"mode must be a number, such as 0o644, not {mode!r}."
        raise ArgumentError(message)
    if not 0 <= mode <= MODES:
        message = (
            f"mode must be between 0 and 0o777, such as 0o644, not {oct(mode)}: servers set "
            "no set-user-ID, set-group-ID or sticky bit."
        )
        raise ArgumentError(message)


def mode_of(source: str | os.PathLike[str] | IO[Any]) -> int | None:
    """Read the permissions of a file at a path; an open file has none of its own."""
    if not isinstance(source, (str, os.PathLike)):
        return None
    return Path(source).expanduser().stat().st_mode & MODES
