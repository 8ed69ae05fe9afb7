"""Files of an instance: a tree in memory."""

from __future__ import annotations

import posixpath
import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

Kind = Literal["file", "directory", "symlink"]
_MAX_LINKS = 40


class Node:
    """A file, a folder or a symbolic link.

    Contents are never changed in place, so that a copy of a tree shares them.
    """

    __slots__ = ("children", "data", "gid", "kind", "mode", "modified", "target", "uid")

    def __init__(
        self,
        kind: Kind,
        *,
        data: bytes = b"",
        gid: int = 0,
        mode: int = 0o644,
        target: str = "",
        uid: int = 0,
    ) -> None:
        self.kind: Kind = kind
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.data = data
        self.target = target
        self.children: dict[str, Node] = {}
        self.modified = time.time()

    def copy(self) -> Self:
        """Copy it, with all that is in it."""
        made = type(self)(
            self.kind,
            data=self.data,
            gid=self.gid,
            mode=self.mode,
            target=self.target,
            uid=self.uid,
        )
        made.modified = self.modified
        made.children = {name: child.copy() for name, child in self.children.items()}
        return made

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return len(self.target if self.kind == "symlink" else self.data)

    def write(self, data: bytes, *, append: bool = False) -> None:
        """Give it another content, or more."""
        self.data = self.data + data if append else data
        self.modified = time.time()


class Tree:
    """The root of an instance's files.

    Args:
        root: its root folder; None makes an empty one.

    Attributes:
        mounts: the folders of others that are seen in it, by path; they are no part of it, and
            are neither copied nor packed.
    """

    def __init__(self, root: Node | None = None) -> None:
        self.root = root or Node("directory", mode=0o755)
        self.mounts: dict[str, Node] = {}

    def copy(self) -> Tree:
        """Copy all of it, without what is mounted."""
        return Tree(self.root.copy())

    def become(self, other: Tree) -> None:
        """Hold what another one holds, for all who see the root."""
        self.root.children = other.root.copy().children

    def mount(self, path: str, root: Node) -> None:
        """Show a folder of another tree at a path."""
        path = self.real(path)
        self.folders(path)
        self.mounts[path] = root

    def find(self, path: str, *, follow: bool = False) -> Node:
        """Find what is at a path; links on the way are followed.

        Args:
            path: from the root.
            follow: True follows a link at the path itself.

        Raises:
            FileNotFoundError: nothing is there.
        """
        return self._walk(path, follow, 0)

    def real(self, path: str) -> str:
        """Follow the links of a path, as far as it exists.

        Args:
            path: from the root.
        """
        done = "/"
        parts = [part for part in path.split("/") if part]
        links = 0
        while parts:
            part = parts.pop(0)
            step = posixpath.normpath(posixpath.join(done, part))
            try:
                node = self.find(step)
            except FileNotFoundError:
                return posixpath.normpath(posixpath.join(step, *parts))
            if node.kind == "symlink" and links < _MAX_LINKS:
                links += 1
                parts = [one for one in node.target.split("/") if one] + parts
                done = "/" if node.target.startswith("/") else done
            else:
                done = step
        return done

    def _walk(self, path: str, follow: bool, links: int) -> Node:
        if links > _MAX_LINKS:
            raise FileNotFoundError(path)
        node: Node = self.root
        place = "/"
        parts = [part for part in posixpath.normpath("/" + path.lstrip("/")).split("/") if part]
        for index, part in enumerate(parts):
            if node.kind != "directory" or part not in node.children:
                raise FileNotFoundError(path)
            node = node.children[part]
            last = index == len(parts) - 1
            if node.kind == "symlink" and (follow or not last):
                there = posixpath.join(place, node.target, *parts[index + 1 :])
                return self._walk(there, follow, links + 1)
            place = posixpath.join(place, part)
            if place in self.mounts:
                node = self.mounts[place]
        return node

    def exists(self, path: str) -> bool:
        """Tell whether something is at a path, links followed."""
        try:
            self.find(path, follow=True)
        except FileNotFoundError:
            return False
        return True

    def place(self, path: str) -> tuple[Node, str]:
        """Find the folder that a path is in, and the name in it.

        Raises:
            FileNotFoundError: there is no such folder.
        """
        folder, name = posixpath.split(posixpath.normpath("/" + path.strip("/")))
        parent = self.find(folder, follow=True)
        if parent.kind != "directory" or not name:
            raise FileNotFoundError(path)
        return parent, name

    def add(self, path: str, node: Node) -> Node:
        """Put something at a path.

        Raises:
            FileNotFoundError: there is no folder for it.
        """
        parent, name = self.place(path)
        parent.children[name] = node
        parent.modified = time.time()
        return node

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int = 0o644) -> Node:
        """Write a file, which is made if it is not there.

        Raises:
            FileNotFoundError: there is no folder for it.
            IsADirectoryError: there is a folder in its place.
        """
        path = self.real(path)
        try:
            node = self.find(path)
        except FileNotFoundError:
            return self.add(path, Node("file", data=data, mode=mode))
        if node.kind == "directory":
            raise IsADirectoryError(path)
        node.write(data, append=append)
        return node

    def folders(self, path: str, mode: int = 0o755) -> Node:
        """Make a folder, and those it is in."""
        node, place = self.root, ""
        for part in [part for part in path.split("/") if part]:
            place += f"/{part}"
            node = node.children.setdefault(part, Node("directory", mode=mode))
            node = self.mounts.get(place, node)
        return node

    def remove(self, path: str, *, force: bool = False) -> None:
        """Remove a file, or a folder.

        Args:
            path: from the root.
            force: True removes a folder with what is in it.

        Raises:
            FileNotFoundError: nothing is there.
            OSError: the folder is not empty, or something is mounted there.
        """
        node = self.find(path)
        if node in self.mounts.values():
            message = "device or resource busy"
            raise OSError(message)
        if node.kind == "directory" and node.children and not force:
            message = "directory not empty"
            raise OSError(message)
        parent, name = self.place(path)
        del parent.children[name]
        parent.modified = time.time()

    def walk(self) -> Iterator[tuple[str, Node]]:
        """List all paths, folders before what is in them."""
        waiting = [("", self.root)]
        while waiting:
            path, node = waiting.pop()
            if path:
                yield path, node
            waiting += [(f"{path}/{name}", child) for name, child in node.children.items()]
