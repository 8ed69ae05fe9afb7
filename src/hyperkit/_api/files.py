"""Files in instances, one at a time; whole folders are in ``directories``."""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Literal

from .._payload import Payload, content_of, opened
from .._progress import Meter
from .._request import given, path
from .._transfer import save
from ..errors import ArgumentError, InvalidResponse, NotFound
from ..types import FileInfo
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from .._link import Download
    from .._payload import Content
    from .._progress import OnProgress
    from .._transfer import Destination

# As many links as Linux follows.
_MAX_LINKS = 40
# Servers drop the bits above these without a word.
_MODES = 0o777
_EXTENSIONS = {"directory": "directory_manipulation", "symlink": "file_symlinks"}


class FilesMixin(InstancesMixin):
    """Chapter "files" of the API."""

    def delete_file(self, container: str, file: str, *, force: bool | None = None) -> None:
        """Delete a file or an empty folder: ``DELETE /1.0/instances/<name>/files``.

        Args:
            container: the instance's name, such as ``"web"``.
            file: its absolute path, such as ``"/etc/motd"``; of a symbolic link, the
                link is deleted.
            force: True deletes a folder with all that is in it; API extension
                ``file_delete_force`` (Incus).

        Raises:
            NotFound: there is no such instance, or no such file.
            InternalServerError: the folder is not empty.

        Example:
            >>> client.delete_file("web", "/etc/motd")
        """
        place = _inside(container, file)
        self._need("file_delete", "delete_file")
        headers = None
        if force:
            self._need("file_delete_force", "force")
            headers = {self._header("force"): "true"}
        url = self._path(container, "files")
        self._change("DELETE", url, None, {"path": place}, headers=headers)

    def file_info(self, container: str, file: str) -> FileInfo:
        """Look at a file or folder: ``HEAD /1.0/instances/<name>/files``.

        A symbolic link is not followed.

        Args:
            container: the instance's name, such as ``"web"``.
            file: its absolute path, such as ``"/etc/hosts"``.

        Returns:
            Type (``"file"``, ``"directory"``, ``"symlink"``), mode, owner; the size in
            bytes of a file, where the server tells it (Incus does).

        Raises:
            NotFound: there is no such instance, or no such file.

        Example:
            >>> client.file_info("web", "/etc/hosts").mode == 0o644
            True
        """
        place = _inside(container, file)
        url = self._path(container, "files")
        if not self.has_extension("instance_file_head"):
            with self._stream(url, path=place) as download:
                return self._info(download.headers)
        response = self._request("HEAD", url, query={"path": place})
        if response.status_code == 404:
            reason = f"there is no {file}, or no instance {container}"
            raise NotFound(reason, status_code=404, method="HEAD", url=url, hint="")
        self._read(response)
        return self._info(response.headers)

    def list_directory(self, container: str, directory: str) -> list[str]:
        """List a folder: ``GET /1.0/instances/<name>/files``.

        Args:
            container: the instance's name, such as ``"web"``.
            directory: its absolute path, such as ``"/etc"``.

        Returns:
            The names in it, sorted, without their path.

        Raises:
            NotFound: there is no such instance, or no such folder.
            ArgumentError: it is no folder.

        Example:
            >>> client.list_directory("web", "/etc")
            ['hostname', 'hosts', 'resolv.conf']
        """
        _inside(container, directory)
        self._need("directory_manipulation", "list_directory")
        with self._found(container, directory) as (kind, download):
            if kind != "directory":
                message = f"{directory} in {container} is a {kind}, not a directory."
                raise ArgumentError(message)
            download.fill()
            names: Any = self._read(download.response)["metadata"] or []
        return sorted(str(name) for name in names)

    def make_directory(
        self,
        container: str,
        directory: str,
        *,
        gid: int | None = None,
        mode: int | None = None,
        parents: bool = False,
        uid: int | None = None,
    ) -> None:
        """Make a folder: ``POST /1.0/instances/<name>/files``.

        One that is there already stays as it is.

        Args:
            container: the instance's name, such as ``"web"``.
            directory: its absolute path, such as ``"/srv/www"``.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o755``.
            parents: True makes the folders above it as well, with the same owner and
                mode.
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such instance, or no folder above it.

        Example:
            >>> client.make_directory("web", "/srv/www/static", parents=True)
        """
        place = _inside(container, directory)
        steps = [place]
        while parents and posixpath.dirname(steps[0]) not in {"/", steps[0]}:
            steps.insert(0, posixpath.dirname(steps[0]))
        for step in steps:
            self._send_file(
                container, step, Payload(b""), gid=gid, mode=mode, type="directory", uid=uid
            )

    def make_symlink(self, container: str, target: str, file: str) -> None:
        """Make a symbolic link: ``POST /1.0/instances/<name>/files``.

        Args:
            container: the instance's name, such as ``"web"``.
            target: what it points to, as it is to be written; it need not be there.
            file: the link's own absolute path, such as ``"/srv/current"``.

        Raises:
            NotFound: there is no such instance, or no folder for it.
            InternalServerError: there is something of that name.

        Example:
            >>> client.make_symlink("web", "releases/7", "/srv/current")
        """
        self._send_file(container, file, Payload(target.encode()), type="symlink")

    def pull_file(
        self,
        container: str,
        source_file: str,
        dest: Destination,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> Destination:
        """Copy a file from an instance: ``GET /1.0/instances/<name>/files``.

        It comes in pieces, however large it is. A file at ``dest`` is replaced when
        all of it has come; what breaks half-way leaves it as it was. A symbolic link
        is followed.

        Args:
            container: the instance's name, such as ``"web"``.
            source_file: its absolute path, such as ``"/var/log/messages"``.
            dest: a path, which gets the file's permissions too, or a file that is
                open for writing bytes.
            on_progress: called with bytes done, bytes in all, and the file's path.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Returns:
            ``dest``.

        Raises:
            NotFound: there is no such instance, or no such file.
            ArgumentError: it is a folder.
            ConnectionFailed: it broke half-way.
            OSError: ``dest`` cannot be written, or the disk is full.

        Example:
            >>> client.pull_file("web", "/etc/hosts", "hosts")
            'hosts'
        """
        with (
            self._file(container, source_file) as download,
            Meter(on_progress, progress=progress, text=source_file) as meter,
        ):
            return save(download, dest, meter, mode=self._info(download.headers).mode)

    def push_file(
        self,
        source: str | os.PathLike[str] | IO[bytes],
        container: str,
        dest_file: str,
        *,
        append: bool = False,
        gid: int | None = None,
        mode: int | None = None,
        modify_permissions: bool = False,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        uid: int | None = None,
    ) -> None:
        """Copy a file into an instance: ``POST /1.0/instances/<name>/files``.

        It goes in pieces, however large it is. Owner and mode are those of a new
        file; one that is there keeps its own, unless ``modify_permissions``.

        Args:
            source: a path, or a file that is open for reading bytes.
            container: the instance's name, such as ``"web"``.
            dest_file: the absolute path there, such as ``"/etc/motd"``.
            append: True adds to a file that is there.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o644``; those of ``source`` if that is a
                path.
            modify_permissions: True gives to a file that is there what of ``gid``,
                ``mode`` and ``uid`` is known; API extension
                ``instances_files_modify_permissions`` (LXD).
            on_progress: called with bytes done, bytes in all (or None), and the path.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such instance, or no folder for the file.
            OSError: ``source`` cannot be read; then nothing was sent.

        Example:
            >>> client.push_file("motd", "web", "/etc/motd", mode=0o644)
        """
        meter = Meter(on_progress, progress=progress, text=dest_file)
        with opened(source) as file, meter:
            if mode is None and isinstance(source, (str, os.PathLike)):
                mode = os.fstat(file.fileno()).st_mode & _MODES
            payload = Payload(content_of(file), meter=meter)
            meter.expect(payload.length)
            self._send_file(
                container,
                dest_file,
                payload,
                append=append,
                gid=gid,
                mode=mode,
                modify_permissions=modify_permissions,
                uid=uid,
            )

    def read_file(self, container: str, file: str) -> bytes:
        r"""Read a file of an instance: ``GET /1.0/instances/<name>/files``.

        All of it is held in memory; `pull_file` is for large ones. A symbolic link is
        followed.

        Args:
            container: the instance's name, such as ``"web"``.
            file: its absolute path, such as ``"/etc/hostname"``.

        Raises:
            NotFound: there is no such instance, or no such file.
            ArgumentError: it is a folder.

        Example:
            >>> client.read_file("web", "/etc/hostname")
            b'web\n'
        """
        with self._file(container, file) as download:
            return b"".join(download.blocks())

    def write_file(
        self,
        container: str,
        dest_file: str,
        *,
        append: bool = False,
        content: Content,
        gid: int | None = None,
        mode: int | None = None,
        modify_permissions: bool = False,
        uid: int | None = None,
    ) -> None:
        r"""Write a file of an instance: ``POST /1.0/instances/<name>/files``.

        Owner and mode are those of a new file; one that is there keeps its own, unless
        ``modify_permissions``.

        Args:
            container: the instance's name, such as ``"web"``.
            dest_file: its absolute path, such as ``"/etc/motd"``.
            append: True adds to a file that is there.
            content: bytes, text (written as UTF-8), or a file that is open for
                reading.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o644``.
            modify_permissions: True gives to a file that is there what of ``gid``,
                ``mode`` and ``uid`` is given; API extension
                ``instances_files_modify_permissions`` (LXD).
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such instance, or no folder for the file.

        Example:
            >>> client.write_file("web", "/etc/motd", content="Welcome\n", mode=0o644)
        """
        payload = Payload(content_of(content))
        self._send_file(
            container,
            dest_file,
            payload,
            append=append,
            gid=gid,
            mode=mode,
            modify_permissions=modify_permissions,
            uid=uid,
        )

    def _send_file(
        self,
        container: str,
        file: str,
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
        place = _inside(container, file)
        if mode is not None and not 0 <= mode <= _MODES:
            message = (
                f"mode must be between 0 and 0o777, such as 0o644, not {oct(mode)}: servers set "
                "no set-user-ID, set-group-ID or sticky bit."
            )
            raise ArgumentError(message)
        for name, number in (("uid", uid), ("gid", gid)):
            if number is not None and number < 0:
                message = f"{name} must be 0 or more, not {number!r}."
                raise ArgumentError(message)
        if append:
            self._need("file_append", "append")
        if type is not None:
            self._need(_EXTENSIONS[type], f"A {type}")
        owned = given(uid=uid, gid=gid, mode=None if mode is None else f"{mode:04o}")
        fields = owned | given(
            type=type,
            write="append" if append else None,
        )
        if modify_permissions:
            self._need("instances_files_modify_permissions", "modify_permissions")
            fields["modify-perm"] = ",".join(owned) or None
        headers = {self._header(name): str(value) for name, value in given(**fields).items()}
        self._upload(self._path(container, "files"), payload, headers=headers, path=place)

    @contextmanager
    def _found(self, container: str, file: str) -> Generator[tuple[str, Download]]:
        """Open what is at a path, whatever it is; symbolic links are followed."""
        place = _inside(container, file)
        url = self._path(container, "files")
        for _ in range(_MAX_LINKS):
            with self._stream(url, path=place) as download:
                kind = download.headers.get(self._header("type"), "file")
                if kind != "symlink":
                    yield kind, download
                    return
                # A link's target is resolved by the server, and may be long gone.
                target = download.read(4096).decode("utf-8", "surrogateescape")
                place = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        message = f"{file} in {container} leads through more than {_MAX_LINKS} symbolic links."
        raise ArgumentError(message)

    @contextmanager
    def _file(self, container: str, file: str) -> Generator[Download]:
        """Open a file, and nothing else."""
        with self._found(container, file) as (kind, download):
            if kind == "directory":
                message = (
                    f"{file} in {container} is a directory: "
                    "list_directory lists it, pull_directory copies it."
                )
                raise ArgumentError(message)
            yield download

    def _info(self, headers: Mapping[str, str]) -> FileInfo:
        """Read what the headers say of a file."""
        kind = headers.get(self._header("type"), "file")
        length = headers.get("Content-Length", "")
        try:
            return FileInfo(
                type=kind,
                mode=int(headers.get(self._header("mode"), "0644"), 8) & _MODES,
                uid=int(headers.get(self._header("uid"), "0")),
                gid=int(headers.get(self._header("gid"), "0")),
                size=int(length) if kind == "file" and length.isdecimal() else None,
                modified=headers.get(self._header("modified"), ""),
            )
        except ValueError as error:
            message = f"The server describes a file by headers that make no sense: {error}."
            raise InvalidResponse(message) from error


def _inside(container: str, file: str) -> str:
    """Check the name of an instance, and a path in it, before anything is sent."""
    path(container)
    if not file.startswith("/") or "\0" in file:
        message = f"{file!r} is not an absolute path in an instance."
        raise ArgumentError(message)
    return file
