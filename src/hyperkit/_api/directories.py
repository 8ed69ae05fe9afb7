"""Files in instances: whole folders, up and down."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import MODES
from .._payload import Payload
from .._progress import Meter, check_progress
from ..errors import ArgumentError, Error, InvalidResponse, NotFound
from .files import FilesMixin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._link import Download
    from .._progress import OnProgress


class DirectoriesMixin(FilesMixin):
    """Chapter "files" of the API, as far as whole folders go."""

    def pull_directory(
        self,
        container: str,
        source: str,
        dest: str | os.PathLike[str],
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> None:
        """Copy a folder and all that is in it from an instance.

        ``GET /1.0/instances/<name>/files`` for each entry. Modes, symbolic links and
        empty folders are kept; owners are not. Servers tell the target of a link as
        an absolute path: one that lies in ``source`` is made relative, so that the
        copy stands by itself. What cannot be copied does not keep the rest from being
        copied.

        Args:
            container: the instance's name, such as ``"web"``.
            source: the folder's absolute path, such as ``"/etc"``.
            dest: the path of the copy, which must not be there yet.
            on_progress: called with bytes done, None, and the path of the file.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Raises:
            NotFound: there is no such instance, or no such folder.
            ArgumentError: it is no folder.
            FileExistsError: ``dest`` is there already.
            ExceptionGroup: some entries could not be copied; the others were.

        Example:
            >>> client.pull_directory("web", "/etc", "etc-of-web")
        """
        check_progress(progress)
        place = Path(dest).expanduser()
        names = self.list_directory(container, source)
        if os.path.lexists(place):
            raise FileExistsError(17, "The copy is to be made where nothing is yet", str(place))
        mode = self.file_info(container, source).mode
        with Meter(on_progress, progress=progress, text=source) as meter:
            pull = _Pull(self, container, posixpath.normpath(source), meter)
            pull.folder(pull.root, place, mode, names)
        if pull.faults:
            message = f"Some of {source} in {container} could not be copied"
            raise ExceptionGroup(message, pull.faults)

    def push_directory(
        self,
        source: str | os.PathLike[str],
        container: str,
        dest: str,
        *,
        gid: int | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        uid: int | None = None,
    ) -> None:
        """Copy a folder and all that is in it into an instance.

        ``POST /1.0/instances/<name>/files`` for each entry. Permissions (but no
        set-user-ID, set-group-ID and sticky bits, which servers drop), symbolic links
        and empty folders are kept. What cannot be copied does not keep the rest from
        being copied.

        Args:
            source: the path of a folder.
            container: the instance's name, such as ``"web"``.
            dest: the absolute path of the copy, such as ``"/srv/www"``; it must not
                be there yet, the folder above it must.
            gid: the group of everything; root's if not given.
            on_progress: called with bytes done, bytes in all, and the file's path.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            uid: the owner of everything; root if not given.

        Raises:
            NotFound: there is no such instance, or no folder above ``dest``.
            FileExistsError: ``dest`` is there already.
            NotADirectoryError: ``source`` is no folder.
            ExceptionGroup: some entries could not be copied; the others were.

        Example:
            >>> client.push_directory("site", "web", "/srv/www")
        """
        check_progress(progress)
        root = Path(source).expanduser()
        if not root.is_dir():
            raise NotADirectoryError(20, "There is no such folder", str(root))
        try:
            self.file_info(container, dest)
        except NotFound:
            self.instance(container)  # it is the file that is not there
        else:
            raise FileExistsError(17, "The copy is to be made where nothing is yet", dest)
        entries = list(_walk(root))
        sizes = [one.lstat() for one in entries]
        total = sum(one.st_size for one in sizes if stat.S_ISREG(one.st_mode))
        faults: list[Exception] = []
        with Meter(on_progress, progress=progress, total=total) as meter:
            self.make_directory(container, dest, gid=gid, mode=_mode(root), uid=uid)
            for entry in entries:
                there = posixpath.join(dest, *entry.relative_to(root).parts)
                meter.text = there
                try:
                    self._push_entry(entry, container, there, uid, gid, meter)
                except (Error, OSError) as error:
                    error.add_note(f"while copying {entry} to {there}")
                    faults.append(error)
        if faults:
            message = f"Some of {root} could not be copied into {container}"
            raise ExceptionGroup(message, faults)

    def _push_entry(
        self,
        entry: Path,
        container: str,
        there: str,
        uid: int | None,
        gid: int | None,
        meter: Meter,
    ) -> None:
        kind = entry.lstat().st_mode
        if stat.S_ISLNK(kind):
            target = Payload(os.fsencode(entry.readlink()))
            self._place(container, there).send(target, gid=gid, type="symlink", uid=uid)
        elif stat.S_ISDIR(kind):
            self.make_directory(container, there, gid=gid, mode=_mode(entry), uid=uid)
        elif stat.S_ISREG(kind):
            with entry.open("rb") as file:
                payload = Payload(file, meter=meter)
                place = self._place(container, there)
                place.send(payload, gid=gid, mode=_mode(entry), uid=uid)
        else:
            message = f"{entry} is neither a file, a folder nor a symbolic link."
            raise ArgumentError(message)


# As long as a path may be on Linux; and as deep as no honest tree is.
_MAX_TARGET = 4096
_MAX_DEPTH = 200


class _Pull:
    """One folder on its way here."""

    def __init__(self, client: FilesMixin, container: str, root: str, meter: Meter) -> None:
        self.client = client
        self.container = container
        self.root = root
        self.meter = meter
        self.faults: list[Exception] = []

    def folder(self, there: str, here: Path, mode: int, names: list[str]) -> None:
        """Copy a folder; its mode comes last, since it may forbid writing."""
        here.mkdir(mode=0o700)
        for name in names:
            try:
                self.entry(there, here, name)
            except (Error, OSError) as error:
                error.add_note(f"while copying {posixpath.join(there, name)!r}")
                self.faults.append(error)
        here.chmod(mode)

    def entry(self, there: str, here: Path, name: str) -> None:
        """Copy an entry, whose name the server may have made up."""
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            message = f"The server lists a name that would lead out of the folder: {name!r}."
            raise InvalidResponse(message)
        there, here = posixpath.join(there, name), here / name
        client = self.client
        place = client._place(self.container, there)
        with place.stream() as download:
            found = place.described(download.headers)
            if found.type == "file":
                self.file(download, here, there, found.mode)
                return
            if found.type == "symlink":
                target = download.read(_MAX_TARGET + 1)
                if len(target) > _MAX_TARGET or b"\0" in target:
                    message = f"The target of the link {there} cannot be a path."
                    raise InvalidResponse(message)
                here.symlink_to(self.inside(os.fsdecode(target), there))
                return
        if found.type != "directory":
            message = f"{there} is a {found.type}, which cannot be copied."
            raise ArgumentError(message)
        if there.count("/") - self.root.count("/") > _MAX_DEPTH:
            message = f"{there} is more than {_MAX_DEPTH} folders deep, and was not copied."
            raise InvalidResponse(message)
        names = client.list_directory(self.container, there)
        self.folder(there, here, found.mode, names)

    def file(self, download: Download, here: Path, there: str, mode: int) -> None:
        """Copy a file; one that breaks half-way is removed."""
        self.meter.text = there
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(here, flags, 0o600), "wb") as file:
                for block in download.blocks():
                    file.write(block)
                    self.meter.advance(len(block))
                os.fchmod(file.fileno(), mode)
        except FileExistsError:
            raise
        except BaseException:
            here.unlink(missing_ok=True)
            raise

    def inside(self, target: str, link: str) -> str:
        """Make the target of a link relative if it lies in what is copied."""
        if target == self.root or target.startswith(self.root.rstrip("/") + "/"):
            return posixpath.relpath(target, posixpath.dirname(link))
        return target


def _walk(root: Path) -> Iterator[Path]:
    """List what is below a folder, folders before what is in them."""
    for entry in sorted(root.iterdir()):
        yield entry
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)


def _mode(entry: Path) -> int:
    return entry.stat().st_mode & MODES
