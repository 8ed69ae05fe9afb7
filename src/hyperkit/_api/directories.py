"""Files in instances: whole folders, up and down."""

from __future__ import annotations

import os
import posixpath
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import MAX_DEPTH, MODES, absolute, inner
from .._payload import Payload
from .._progress import Meter, check_progress
from ..errors import ArgumentError, Error, ErrorGroup, InvalidResponse, NotFound
from .files import FilesMixin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._files import RemotePath
    from .._link import Download
    from .._progress import OnProgress


class DirectoriesMixin(FilesMixin):
    """Chapter "files" of the API, as far as whole folders go."""

    def pull_directory(
        self,
        container: str,
        source: RemotePath,
        dest: str | os.PathLike[str],
        *,
        merge: bool = False,
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
            dest: the path of the copy, which must not be there yet, unless ``merge``.
            merge: True goes into folders that are there already, and replaces files.
            on_progress: called with bytes done, None, and the path of the file.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Raises:
            NotFound: there is no such instance, or no such folder.
            ArgumentError: it is no folder.
            FileExistsError: ``dest`` is there already, and ``merge`` is not true.
            ErrorGroup: some entries could not be copied; the others were.

        Example:
            >>> client.pull_directory("web", "/etc", "etc-of-web")
        """
        check_progress(progress)
        place, source = Path(dest).expanduser(), absolute(source)
        names = self.list_directory(container, source)
        if not merge and os.path.lexists(place):
            raise FileExistsError(17, _TAKEN.format(""), str(place))
        mode = self.file_info(container, source).mode
        with Meter(on_progress, progress=progress, text=source) as meter:
            pull = _Pull(self, container, posixpath.normpath(source), meter, merge=merge)
            pull.folder(pull.root, place, mode, names)
        if pull.faults:
            message = f"Some of {source} in {container} could not be copied"
            raise ErrorGroup(message, pull.faults)

    def push_directory(
        self,
        source: str | os.PathLike[str],
        container: str,
        dest: RemotePath,
        *,
        gid: int | None = None,
        merge: bool = False,
        on_progress: OnProgress | None = None,
        parents: bool = False,
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
                be there yet, unless ``merge``; the folder above it must, unless ``parents``.
            gid: the group of everything that is new; root's if not given.
            merge: True goes into folders that are there already, and replaces files and
                links. These folders and files keep their owner and mode.
            on_progress: called with bytes done, bytes in all, and the file's path.
            parents: True makes the folders above ``dest`` as well, with mode ``0o755``.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            uid: the owner of everything that is new; root if not given.

        Raises:
            NotFound: there is no such instance, or no folder above ``dest``.
            FileExistsError: ``dest`` is there already, and ``merge`` is not true.
            NotADirectoryError: ``source`` is no folder.
            OSError: ``source`` cannot be listed; then nothing was sent.
            ErrorGroup: some entries could not be copied; the others were.

        Example:
            >>> client.push_directory("site", "web", "/srv/www")
        """
        check_progress(progress)
        root = Path(source).expanduser()
        if not root.is_dir():
            raise NotADirectoryError(20, "There is no such folder", str(root))
        dest = absolute(dest)
        if not merge:
            try:
                self.file_info(container, dest)
            except NotFound:
                self.instance(container)  # it is the file that is not there
            else:
                raise FileExistsError(17, _TAKEN.format(f" in {container}"), dest)
        above = posixpath.dirname(dest.rstrip("/"))
        if parents and above not in {"", "/"}:
            self.make_directory(container, above, gid=gid, mode=0o755, parents=True, uid=uid)
        faults: list[Exception] = []
        entries = list(_walk(root, faults))
        total = sum(_size(one) for one in entries)
        with Meter(on_progress, progress=progress, total=total) as meter:
            push = _Push(self, container, meter, gid=gid, merge=merge, uid=uid)
            push.folder(root, dest)
            for entry in entries:
                there = posixpath.join(dest, *entry.relative_to(root).parts)
                meter.text = there
                try:
                    push.entry(entry, there)
                except (Error, OSError) as error:
                    error.add_note(f"while copying {entry} to {there}")
                    faults.append(error)
        if faults:
            message = f"Some of {root} could not be copied into {container}"
            raise ErrorGroup(message, faults)


_TAKEN = "There is something already{}, which merge=True would go into"
# As long as a path may be on Linux.
_MAX_TARGET = 4096


class _Push:
    """One folder on its way there."""

    def __init__(
        self,
        client: FilesMixin,
        container: str,
        meter: Meter,
        *,
        gid: int | None,
        merge: bool,
        uid: int | None,
    ) -> None:
        self.client = client
        self.container = container
        self.meter = meter
        self.gid = gid
        self.merge = merge
        self.uid = uid

    def folder(self, here: Path, there: str) -> None:
        """Make a folder; of what is there already, only a folder will do, or a link to one."""
        kind = self.kind(there)
        if kind == "file":
            message = f"There is a file in {self.container}, where a folder was meant"
            raise FileExistsError(17, message, there)
        if kind is None:
            self.client.make_directory(
                self.container, there, gid=self.gid, mode=_mode(here), uid=self.uid
            )

    def entry(self, here: Path, there: str) -> None:
        """Copy an entry, whose folder is there."""
        kind = here.lstat().st_mode
        place = self.client._place(self.container, there)
        if stat.S_ISDIR(kind):
            self.folder(here, there)
        elif stat.S_ISLNK(kind):
            if self.kind(there) in {"file", "symlink"}:
                place.delete()
            target = Payload(os.fsencode(here.readlink()))
            place.send(target, gid=self.gid, type="symlink", uid=self.uid)
        elif stat.S_ISREG(kind):
            with here.open("rb") as file:
                payload = Payload(file, meter=self.meter)
                place.send(payload, gid=self.gid, mode=_mode(here), uid=self.uid)
        else:
            message = f"{here} is neither a file, a folder nor a symbolic link."
            raise ArgumentError(message)

    def kind(self, there: str) -> str | None:
        """Tell what is there already; nothing can be, where all of the copy is new."""
        if not self.merge:
            return None
        try:
            return self.client.file_info(self.container, there).type
        except NotFound:
            return None


class _Pull:
    """One folder on its way here."""

    def __init__(
        self, client: FilesMixin, container: str, root: str, meter: Meter, *, merge: bool
    ) -> None:
        self.client = client
        self.container = container
        self.root = root
        self.meter = meter
        self.merge = merge
        self.faults: list[Exception] = []

    def folder(self, there: str, here: Path, mode: int, names: list[str]) -> None:
        """Copy a folder; its mode comes last, since it may forbid writing."""
        # A link to a folder will do for the whole, but within it would lead elsewhere.
        is_there = here.is_dir() and (there == self.root or not here.is_symlink())
        is_new = not (self.merge and is_there)
        if is_new:
            here.mkdir(mode=0o700)
        for name in names:
            try:
                self.entry(there, here, name)
            except (Error, OSError) as error:
                error.add_note(f"while copying {posixpath.join(there, name)!r}")
                self.faults.append(error)
        if is_new:
            here.chmod(mode)

    def entry(self, there: str, here: Path, name: str) -> None:
        """Copy an entry, whose name the server may have made up."""
        there, here = inner(there, name), here / name
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
                if self.merge and (here.is_symlink() or here.is_file()):
                    here.unlink()
                here.symlink_to(self.inside(os.fsdecode(target), there))
                return
        if found.type != "directory":
            message = f"{there} is a {found.type}, which cannot be copied."
            raise ArgumentError(message)
        if there.count("/") - self.root.count("/") > MAX_DEPTH:
            message = f"{there} is more than {MAX_DEPTH} folders deep, and was not copied."
            raise InvalidResponse(message)
        names = client.list_directory(self.container, there)
        self.folder(there, here, found.mode, names)

    def file(self, download: Download, here: Path, there: str, mode: int) -> None:
        """Copy a file; of one that breaks half-way, nothing is left."""
        self.meter.text = there
        # What is there already is replaced when all has come; it may be a link, or in use.
        part = here.with_name(f".{secrets.token_hex(8)}.part") if self.merge else here
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                for block in download.blocks():
                    file.write(block)
                    self.meter.advance(len(block))
                os.fchmod(file.fileno(), mode)
            part.replace(here)
        except FileExistsError:
            raise
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def inside(self, target: str, link: str) -> str:
        """Make the target of a link relative if it lies in what is copied."""
        if target == self.root or target.startswith(self.root.rstrip("/") + "/"):
            return posixpath.relpath(target, posixpath.dirname(link))
        return target


def _walk(root: Path, faults: list[Exception]) -> Iterator[Path]:
    """List what is below a folder, folders before what is in them.

    Args:
        root: the folder.
        faults: get what keeps a folder in it from being listed.
    """
    for entry in sorted(root.iterdir()):
        yield entry
        try:
            if entry.is_dir() and not entry.is_symlink():
                yield from _walk(entry, faults)
        except OSError as error:
            error.add_note(f"while listing {entry}")
            faults.append(error)


def _size(entry: Path) -> int:
    """Tell how many bytes an entry has to send; what cannot be looked at has none."""
    try:
        found = entry.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _mode(entry: Path) -> int:
    return entry.stat().st_mode & MODES
