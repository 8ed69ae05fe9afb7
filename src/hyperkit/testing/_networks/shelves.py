"""What belongs to networks: objects of one kind, kept by name, and how requests treat them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._engine import check
from .._engine.answers import Json, Refused, in_project
from .._engine.filter import filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from aiohttp import web

    from .._engine.call import Call, Handler


@dataclass
class Shelf:
    """The objects of one kind that a request is about.

    Attributes:
        call: the request.
        kind: as events have it, such as ``"network-zone"``.
        title: as errors have it, such as ``"Network zone"``.
        path: where they are, such as ``("network-zones",)``.
        things: what there is, by name.
        read: makes what can be written of one from a body.
        show: writes one as the API does.
        key: the field that is its name.
        project: that they belong to.
        keeps: what a ``PATCH`` leaves as it is if it does not speak of it; the configuration is
            merged, and the servers empty the rest.
        matched: whether ``If-Match`` is looked at.
        prefix: what errors begin with, as in ``"Failed {} forward: "``, with the word for what
            was tried.
    """

    call: Call
    kind: str
    title: str
    path: tuple[str, ...]
    things: dict[str, Json]
    read: Callable[[Json], Json]
    show: Callable[[Json], Json] = dict
    key: str = "name"
    project: str = "default"
    keeps: tuple[str, ...] = ()
    matched: bool = True
    prefix: str = ""
    words: str = field(init=False)

    def __post_init__(self) -> None:
        self.words = self.title[0].lower() + self.title[1:].replace("_", " ")

    def failed(self, word: str) -> str:
        """Begin an error, of kinds that tell what was tried."""
        return self.prefix.format(word)

    @contextmanager
    def failing(self, word: str) -> Generator[None]:
        """Let the errors of what is done meanwhile tell what was tried.

        Args:
            word: such as ``"creating"``.
        """
        try:
            yield
        except Refused as refusal:
            raise Refused(refusal.code, self.failed(word) + refusal.text) from None

    def find(self, name: str, before: str = "") -> Json:
        """Find one.

        Args:
            name: from the path.
            before: what the error begins with.

        Raises:
            Refused: there is none.
        """
        if name not in self.things:
            raise Refused(404, f"{before}{self.title} not found")
        return self.things[name]

    def url(self, name: str) -> str:
        """Write the path of one."""
        return "/1.0/" + "/".join(quote(one, safe=":@") for one in (*self.path, name))

    def all(self) -> web.StreamResponse:
        """Answer with all of them."""
        return self.call.sync(self.listed())

    def listed(self) -> list[Any]:
        """Write all of them, or their paths."""
        found = filtered(
            self.call, map(self.show, self.things.values()), dict, "api_filtering_extended"
        )
        return found if self.call.recursion else [self.url(one[self.key]) for one in found]

    def one(self, name: str) -> web.StreamResponse:
        """Answer with one."""
        thing = self.find(name)
        return self.call.sync(self.show(thing), etag=self._writable(thing))

    def _writable(self, thing: Json) -> tuple[Any, ...]:
        return (thing,)

    def create(self, name: str, asked: Json) -> web.StreamResponse:
        """Make one, and answer.

        Args:
            name: checked already.
            asked: the body.
        """
        self.things[name] = {self.key: name, **self.read(asked)}
        self._tell("created", name)
        return self.call.done(f"Creating {self.words}", self._place(name))

    async def update(self, name: str) -> web.StreamResponse:
        """Change one by ``PUT`` or ``PATCH``, and answer."""
        thing = self.find(name, "" if self.call.patching else self.failed("updating"))
        if self.matched:
            self.call.check_etag(*self._writable(thing))
        asked = await self.call.json()
        if self.call.patching:
            kept = {field: thing[field] for field in self.keeps}
            config = thing["config"] | check.texts(asked.get("config"))
            asked = {**kept, **asked, "config": config}
        with self.failing("updating"):
            thing.update(self.read(asked))
        self._tell("updated", name)
        return self.call.done(f"Updating {self.words}")

    def rename(self, name: str, new: str) -> web.StreamResponse:
        """Give one another name, which is checked already, and answer."""
        thing = self.things.pop(name)
        thing[self.key] = new
        self.things[new] = thing
        self._tell("renamed", new, old_name=name)
        return self.call.done(f"Renaming {self.words}", self._place(new))

    def delete(self, name: str) -> web.StreamResponse:
        """Delete one, and answer."""
        self.find(name, self.failed("deleting"))
        del self.things[name]
        self._tell("deleted", name)
        return self.call.done(f"Deleting {self.words}")

    def _place(self, name: str) -> str:
        return in_project(self.url(name), self.project)

    def _tell(self, what: str, name: str, **context: str) -> None:
        events = self.call.daemon.events
        events.lifecycle(f"{self.kind}-{what}", self.url(name), self.project, **context)


def routes(path: str, shelf_of: Callable[[Call], Shelf]) -> dict[str, Handler]:
    """List what is served of objects that are treated as most are.

    Args:
        path: of one, such as ``"/1.0/network-acls/{acl}"``.
        shelf_of: finds those that a request is about.
    """
    every, _, key = path.removesuffix("}").rpartition("/{")

    async def get_all(call: Call) -> web.StreamResponse:
        return shelf_of(call).all()

    async def get(call: Call) -> web.StreamResponse:
        return shelf_of(call).one(call.names[key])

    async def update(call: Call) -> web.StreamResponse:
        return await shelf_of(call).update(call.names[key])

    async def delete(call: Call) -> web.StreamResponse:
        return shelf_of(call).delete(call.names[key])

    return {
        f"GET {every}": get_all,
        f"GET {path}": get,
        f"PUT {path}": update,
        f"PATCH {path}": update,
        f"DELETE {path}": delete,
    }


def shelved(call: Call, shelves: Iterable[Shelf]) -> web.StreamResponse:
    """Answer with what is on several shelves: those of all projects."""
    return call.sync([one for shelf in shelves for one in shelf.listed()])
