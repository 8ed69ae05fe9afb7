"""Which request is answered by what."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from .. import _access, _cluster, _images, _instances, _networks, _storage, _system
from .._flavours import find_flavour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from .._flavours import Flavour
    from .call import Handler

_FOLDERS = (_access, _cluster, _images, _instances, _networks, _storage, _system)
_ALIASES = ("containers", "virtual-machines")


def _chapters() -> Iterator[ModuleType]:
    """Find the modules that answer requests: each has a table of its `ROUTES`."""
    for folder in _FOLDERS:
        for found in iter_modules(folder.__path__, f"{folder.__name__}."):
            module = import_module(found.name)
            if hasattr(module, "ROUTES"):
                yield module


_CHAPTERS = tuple(_chapters())


class Route(NamedTuple):
    """What a path is answered by.

    Attributes:
        path: as the manual has it.
        methods: what it takes, and what answers; None where the embedded server does not.
        untrusted: the methods that strangers may use.
    """

    path: str
    methods: dict[str, Handler | None]
    untrusted: frozenset[str]


class Match(NamedTuple):
    """A route that was found."""

    route: Route
    names: list[str]
    alias: str


class _Branch:
    def __init__(self) -> None:
        self.fixed: dict[str, _Branch] = {}
        self.named: _Branch | None = None
        self.route: Route | None = None


class Router:
    """Finds the route of a path."""

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._root = _Branch()
        handlers, self.names, open_ = _handlers()
        # One path may stand there twice, with other names for what varies in it.
        known: dict[str, tuple[str, set[str]]] = {}
        for path, methods in flavour.endpoints.items():
            known.setdefault(_shape(path), (path, set()))[1].update(methods)
        for shape, (path, served) in known.items():
            found = {method: handlers.get((method, shape)) for method in served}
            untrusted = frozenset(one for one in served if (one, shape) in open_)
            self._add(shape, Route(path, found, untrusted))

    def _add(self, shape: str, route: Route) -> None:
        branch = self._root
        for segment in shape.split("/"):
            if segment != "{}":
                branch = branch.fixed.setdefault(segment, _Branch())
                continue
            if branch.named is None:
                branch.named = _Branch()
            branch = branch.named
        branch.route = route

    def find(self, raw_path: str) -> Match | None:
        """Find a route.

        Args:
            raw_path: as it was sent, without the query.
        """
        segments = [unquote(one) for one in raw_path.strip("/").split("/")]
        alias = ""
        flavour = self._flavour
        if segments[1:2] and segments[1] in _ALIASES and flavour.containers:
            if not flavour.lxd2 or segments[1] == "containers":
                alias, segments[1] = segments[1], "instances"
        elif flavour.lxd2 and segments[1:2] == ["instances"]:
            return None
        if segments[:3] == ["1.0", "images", "aliases"] and segments[4:]:
            # The names of aliases may have slashes in them.
            segments[3:] = ["/".join(segments[3:])]
        names: list[str] = []
        route = self._walk(self._root, segments, names)
        return Match(route, names, alias) if route is not None else None

    def _walk(self, branch: _Branch, rest: list[str], names: list[str]) -> Route | None:
        if not rest:
            return branch.route
        if rest[0] in branch.fixed:
            found = self._walk(branch.fixed[rest[0]], rest[1:], names)
            if found is not None:
                return found
        if branch.named is None or not rest[0]:
            return None
        names.append(rest[0])
        found = self._walk(branch.named, rest[1:], names)
        if found is None:
            names.pop()
        return found

    def named(self, method: str, route: Route, values: list[str]) -> dict[str, str]:
        """Give the names in a path the names that the handler knows them by."""
        return dict(zip(self.names[method, _shape(route.path)], values, strict=True))


@cache
def router(name: str) -> Router:
    """Find the router of a kind of server, by its name."""
    return Router(find_flavour(name))


def _shape(path: str) -> str:
    """Write a path without the names of what varies."""
    segments = path.strip("/").split("/")
    return "/".join("{}" if one.startswith("{") else one for one in segments)


@cache
def _handlers() -> tuple[
    dict[tuple[str, str], Handler],
    dict[tuple[str, str], list[str]],
    set[tuple[str, str]],
]:
    """Collect what the chapters answer."""
    handlers: dict[tuple[str, str], Handler] = {}
    names: dict[tuple[str, str], list[str]] = {}
    untrusted: set[tuple[str, str]] = set()
    for chapter in _CHAPTERS:
        for line, handler in chapter.ROUTES.items():
            method, path = line.split()
            key = method, _shape(path)
            handlers[key] = handler
            names[key] = [one[1:-1] for one in path.split("/") if one.startswith("{")]
            if line in getattr(chapter, "UNTRUSTED", ()):
                untrusted.add(key)
    return handlers, names, untrusted
