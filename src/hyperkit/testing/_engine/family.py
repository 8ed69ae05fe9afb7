"""Objects that are listed, made, read, changed, renamed and deleted like many others.

Those that belong to networks answer otherwise: ``_networks/shelves.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .answers import Json, Refused, in_project, listing, mapping, text_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from .call import Call, Handler

    Fields = Callable[[Call, Json], Json]
    Shown = Callable[[Call, Json], Json]


def no_check(_call: Call) -> None:
    """Let everybody pass."""


def no_use(_call: Call, _one: Json) -> None:
    """Let everything be renamed and deleted."""


def as_it_is(_call: Call, one: Json) -> Json:
    """Show an object as it is kept, without the project that it is kept under."""
    return {key: value for key, value in one.items() if key != "project"}


def check_name(_call: Call, name: str) -> None:
    """Refuse what can be no name."""
    if not name:
        raise Refused(400, "No name provided")
    if "/" in name:
        raise Refused(400, "Name cannot contain a forward slash")


class Family:
    """A kind of object.

    Args:
        path: below ``/1.0``, such as ``"auth/groups"``.
        table: what the servers call the kind when a name is taken.
        noun: what they call one that is not there.
        fields: reads what can be changed of one from a body, and refuses what cannot be.
        shown: writes one as the API does.
        adds: the fields that ``PATCH`` adds to, and does not replace.
        projects: True if each project has its own.
        checked: refuses all of it, where the server has it not.
        named: refuses what can be no name.
        unused: refuses to rename or delete one.
        event: what its lifecycle events begin with, such as ``"auth-group"``.
    """

    def __init__(
        self,
        path: str,
        table: str,
        noun: Callable[[Call], str],
        fields: Fields,
        *,
        adds: tuple[str, ...] = (),
        checked: Callable[[Call], None] = no_check,
        event: str,
        named: Callable[[Call, str], None] = check_name,
        projects: bool = False,
        shown: Shown = as_it_is,
        unused: Callable[[Call, Json], None] = no_use,
    ) -> None:
        self.path = path
        self._table = table
        self._noun = noun
        self._fields = fields
        self._adds = adds
        self._checked = checked
        self._event = event
        self._named = named
        self._projects = projects
        self._shown = shown
        self._unused = unused

    def all(self, call: Call) -> dict[tuple[str, str], Json]:
        """Find all there are, by project (empty where projects do not count) and name."""
        return call.state.families.setdefault(self.path, {})

    def find(self, call: Call, name: str) -> Json:
        """Find one.

        Raises:
            Refused: there is none of that name.
        """
        found = self.all(call).get((self._home(call), name))
        if found is None:
            raise Refused(404, f"{self._noun(call)} not found")
        return found

    def add(self, call: Call, name: str, fields: Json) -> Json:
        """Put one in."""
        home = self._home(call)
        made: Json = {"name": name, "project": home, **fields}
        self.all(call)[home, name] = made
        return made

    def routes(self) -> dict[str, Handler]:
        """List what is served of it."""
        every, one = f"/1.0/{self.path}", f"/1.0/{self.path}/{{name}}"
        return {
            f"GET {every}": self.list,
            f"POST {every}": self.create,
            f"GET {one}": self.get,
            f"PUT {one}": self.update,
            f"PATCH {one}": self.update,
            f"POST {one}": self.rename,
            f"DELETE {one}": self.delete,
        }

    async def list(self, call: Call) -> web.StreamResponse:
        """``GET`` of all."""
        self._checked(call)
        home = self._home(call)
        wanted = self._projects and call.all_projects
        found = [
            one
            for (at, _), one in sorted(self.all(call).items())
            if at == home or (wanted and call.may_see(at))
        ]
        if call.recursion:
            return call.sync([self._shown(call, one) for one in found])
        return call.sync([self.url(one) for one in found])

    async def create(self, call: Call) -> web.StreamResponse:
        """``POST`` of a new one."""
        self._checked(call)
        asked = await call.json()
        name = text_in(asked, "name")
        self._named(call, name)
        fields = self._fields(call, asked)
        self._refuse_taken(call, name)
        made = self.add(call, name, fields)
        self.tell(call, "created", made)
        return call.created(*self.path.split("/"), quote(name, safe=""))

    async def get(self, call: Call) -> web.StreamResponse:
        """``GET`` of one."""
        self._checked(call)
        one = self.find(call, call.names["name"])
        return call.sync(self._shown(call, one), etag=(one,))

    async def update(self, call: Call) -> web.StreamResponse:
        """``PUT`` and ``PATCH`` of one."""
        self._checked(call)
        one = self.find(call, call.names["name"])
        call.check_etag(one)
        asked = await call.json()
        if call.patching:
            asked = self._merged(one, asked)
        one.update(self._fields(call, asked))
        self.tell(call, "updated", one)
        return call.sync({})

    async def rename(self, call: Call) -> web.StreamResponse:
        """``POST`` of another name."""
        old = call.names["name"]
        self._checked(call)
        one = self.find(call, old)
        name = text_in(await call.json(), "name")
        self._named(call, name)
        self._unused(call, one)
        self._refuse_taken(call, name)
        del self.all(call)[one["project"], old]
        one["name"] = name
        self.all(call)[one["project"], name] = one
        self.tell(call, "renamed", one, old_name=old)
        return call.created(*self.path.split("/"), quote(name, safe=""))

    async def delete(self, call: Call) -> web.StreamResponse:
        """``DELETE`` of one."""
        self._checked(call)
        one = self.find(call, call.names["name"])
        self._unused(call, one)
        del self.all(call)[one["project"], one["name"]]
        self.tell(call, "deleted", one)
        return call.sync({})

    def tell(self, call: Call, what: str, one: Json, **context: Any) -> None:
        """Tell that something has happened to one."""
        call.daemon.events.lifecycle(
            f"{self._event}-{what}", self._place(one), one["project"], **context
        )

    def url(self, one: Json) -> str:
        """Write the path of one."""
        return in_project(self._place(one), one["project"])

    def _place(self, one: Json) -> str:
        return f"/1.0/{self.path}/{quote(one['name'], safe='')}"

    def _home(self, call: Call) -> str:
        return call.state.project(call.project).name if self._projects else ""

    def _refuse_taken(self, call: Call, name: str) -> None:
        if (self._home(call), name) in self.all(call):
            raise Refused(409, f'This "{self._table}" entry already exists')

    def _merged(self, one: Json, asked: Json) -> Json:
        """Fill up what ``PATCH`` leaves out."""
        merged = {**one, **{key: value for key, value in asked.items() if value is not None}}
        if "config" in one:
            merged["config"] = {**mapping(one["config"]), **mapping(asked.get("config"))}
        for field in self._adds:
            more = [each for each in listing(asked.get(field)) if each not in one[field]]
            merged[field] = [*one[field], *more]
        return merged
