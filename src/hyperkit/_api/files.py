"""Files in instances, one at a time; whole folders are in ``directories``."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from .._files import Place, absolute, mode_of
from .._payload import Payload, content_of
from .._progress import Meter, check_progress
from .._request import check_names
from .._transfer import save, sending
from .instances import InstancesMixin

if TYPE_CHECKING:
    import os

    from .._files import RemotePath
    from .._payload import Content
    from .._progress import OnProgress
    from .._transfer import Destination
    from ..types import FileInfo


class FilesMixin(InstancesMixin):
    """Chapter "files" of the API."""

    def delete_file(self, container: str, file: RemotePath, *, force: bool | None = None) -> None:
        """Delete a file or an empty folder: ``DELETE /1.0/instances/<name>/files``.

        Args:
            container: the instance's name, such as ``"web"``.
            file: its absolute path, such as ``"/etc/motd"``; of a symbolic link, the
                link is deleted.
            force: True deletes a folder with all that is in it: at once, or one by one where
                the server lacks the API extension ``file_delete_force``. Links in it are not
                followed.

        Raises:
            NotFound: there is no such instance, or no such file.
            InternalServerError: the folder is not empty.

        Example:
            >>> client.delete_file("web", "/etc/motd")
        """
        self._place(container, file).delete(force=force)

    def file_info(self, container: str, file: RemotePath) -> FileInfo:
        """Look at a file or folder: ``HEAD /1.0/instances/<name>/files``.

        A symbolic link is not followed. Servers without the API extension
        ``instance_file_head`` are asked by ``GET``.

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
        return self._place(container, file).info()

    def list_directory(self, container: str, directory: RemotePath) -> list[str]:
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
            >>> client.list_directory("web", "/srv/www")
            ['index.html']
        """
        return self._place(container, directory).names()

    def make_directory(
        self,
        container: str,
        directory: RemotePath,
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
        place = self._place(container, directory)
        place.make_directory(gid=gid, mode=mode, parents=parents, uid=uid)

    def make_symlink(self, container: str, target: RemotePath, file: RemotePath) -> None:
        """Make a symbolic link: ``POST /1.0/instances/<name>/files``.

        Args:
            container: the instance's name, such as ``"web"``.
            target: what it points to, as it is to be written; it need not be there.
            file: the link's own absolute path, such as ``"/srv/current"``.

        Raises:
            Conflict: there is something of that name.
            NotFound: there is no such instance, or no folder for it.

        Example:
            >>> client.make_symlink("web", "releases/7", "/srv/current")
        """
        self._place(container, file).send(Payload(str(target).encode()), type="symlink")

    def pull_file(
        self,
        container: str,
        source_file: RemotePath,
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
        check_progress(progress)
        place = self._place(container, source_file)
        with (
            place.open() as download,
            Meter(on_progress, progress=progress, text=str(source_file)) as meter,
        ):
            return save(download, dest, meter, mode=place.described(download.headers).mode)

    def push_file(
        self,
        source: str | os.PathLike[str] | IO[bytes],
        container: str,
        dest_file: RemotePath,
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
            ArgumentError: ``source`` became shorter while it was sent, or is a pipe that does
                not wait for what is to come.
            OSError: ``source`` cannot be read; then nothing was sent.

        Example:
            >>> client.push_file("motd", "web", "/etc/motd", mode=0o644)
        """
        place = self._place(container, dest_file)
        with sending(source, on_progress, progress=progress, text=str(dest_file)) as payload:
            place.send(
                payload,
                append=append,
                gid=gid,
                mode=mode_of(source) if mode is None else mode,
                modify_permissions=modify_permissions,
                uid=uid,
            )

    def read_file(self, container: str, file: RemotePath) -> bytes:
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
        with self._place(container, file).open() as download:
            return b"".join(download.blocks())

    def write_file(
        self,
        container: str,
        dest_file: RemotePath,
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
        place = self._place(container, dest_file)
        payload = Payload(content_of(content))
        place.send(
            payload,
            append=append,
            gid=gid,
            mode=mode,
            modify_permissions=modify_permissions,
            uid=uid,
        )

    def _place(self, container: str, file: RemotePath) -> Place:
        """Name a path in an instance; what cannot be one sends nothing."""
        check_names(container)
        where = absolute(file)
        return Place(self, lambda: self._path(container, "files"), f"instance {container}", where)
