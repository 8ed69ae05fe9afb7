"""``python -m hyperkit demo``: the main job, call by call, on any machine."""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from ._client import Client
from ._resource import Resource
from ._transport import read_endpoint
from .errors import Error, ErrorGroup

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_WIDTH = 30
_ADVICE = (
    "python -m hyperkit doctor says what is wrong with a server; --server embedded needs none."
)
# How many containers are made at once.
_MANY = 5
_REMOTES = {
    "lxd": "https://images.lxd.canonical.com",
    "incus": "https://images.linuxcontainers.org",
}
# What is shown of an object, the first of these that it has.
_TOLD = ("status", "name", "fingerprint")


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Args:
        commands: what ``add_subparsers`` has returned.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="walk a container through its life, on the local server or an embedded one",
        description="Show the main job, call by call: a container's life, a batch, events. "
        "Where the server has no image, a small one is fetched. Nothing is left behind.",
    )
    parser.add_argument(
        "--server",
        default="auto",
        metavar="URL|SOCKET|remote:NAME|embedded",
        help="HYPERKIT_API_ENDPOINT or the local server if left out, else an embedded one",
    )
    parser.add_argument(
        "--server-cert",
        metavar="FILE|FINGERPRINT",
        help="the pinned certificate of the server",
    )
    parser.add_argument("--image", metavar="ALIAS", help="an image's alias on the server")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show it.

    Args:
        options: ``server``, ``server_cert`` and ``image``.

    Returns:
        What the program ends with.
    """
    with ExitStack() as stack:
        try:
            client = _connect(options.server, options.server_cert, stack)
            _Demo(client, stack, options.image).walk()
        except (Error, ImportError) as error:
            errors = error.exceptions if isinstance(error, ErrorGroup) else (error,)
            for one in errors:
                print(f"demo: {one}", file=sys.stderr)
            if options.server != "embedded":
                print(f"demo: {_ADVICE}", file=sys.stderr)
            return 1
    return 0


def _connect(where: str, server_cert: str | None, stack: ExitStack) -> Client:
    """Find a server, and say which."""
    if where != "embedded":
        client = stack.enter_context(Client())
        if where != "auto":
            client.api_endpoint = where
        if server_cert is not None:
            client.server_cert = server_cert
        # A server that is named is the one that is meant.
        named = where != "auto" or os.environ.get("HYPERKIT_API_ENDPOINT")
        try:
            _expect_trust(client)
        except Error:
            if named:
                raise
            _say("# There is no local LXD or Incus that may be used.")
        else:
            _say(f"# The server at {_place(client)} is used.")
            return client
    _say("# An embedded server is started: all of this happens in memory.")
    from .testing import Server  # noqa: PLC0415 - an extra

    return stack.enter_context(Server(pace=0.1)).client()


def _expect_trust(client: Client) -> None:
    if client.server().auth != "trusted":
        message = f"The server at {_place(client)} does not trust this client."
        raise Error(message)


def _place(client: Client) -> str:
    endpoint = read_endpoint(client)
    return endpoint.socket or endpoint.base


class _Demo:
    """One walk.

    Args:
        client: of the server.
        stack: what is to be undone in the end.
        image: an image's alias, or None for one that the server has.
    """

    def __init__(self, client: Client, stack: ExitStack, image: str | None) -> None:
        self._client = client
        self._stack = stack
        self._image = image
        self._name = f"demo-{secrets.token_hex(2)}"

    def walk(self) -> None:
        """Do all of it."""
        environment = self._client.server().environment
        _say(f"# It is {environment.server} {environment.server_version}.\n")
        image = self._image or self._find_image(environment.server)
        self._one_container(image)
        self._snapshot()
        self._many_containers(image)
        _say("# Nothing is left behind.")

    def _call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method, and show call and result."""
        shown = [repr(one) for one in arguments]
        shown += [f"{name}={value!r}" for name, value in keywords.items()]
        _say(f">>> client.{method}({', '.join(shown)})")
        result = getattr(self._client, method)(*arguments, **keywords)
        _say(f"    {_told(result)}")
        return result

    def _find_image(self, product: str) -> str:
        """Find an image that the server has, or have it fetch a small one."""
        aliases: list[str] = self._call("image_aliases")
        if any(aliases):
            return next(filter(None, aliases))
        self._call(
            "create_image_from_remote",
            _REMOTES[product],
            alias="alpine/edge",
            aliases=[self._name],
            protocol="simplestreams",
        )
        self._stack.callback(self._forget_image, self._client.image_by_alias(self._name))
        return self._name

    def _forget_image(self, image: Mapping[str, Any]) -> None:
        with suppress(Error):
            self._client.delete_image(image["fingerprint"])

    def _one_container(self, image: str) -> None:
        name = self._name
        self._call("image_by_alias", image)
        self._stack.callback(self._remove, name)
        self._call("create_container", name, alias=image)
        self._call("start_container", name)
        self._call("container_state", name)
        self._call("run", name, ["uname", "-n"], capture_output=True, text=True)
        self._call("write_file", name, "/root/motd", content="welcome\n")
        self._call("read_file", name, "/root/motd")

    def _snapshot(self) -> None:
        name = self._name
        self._call("create_snapshot", name, "before")
        self._call("write_file", name, "/root/motd", content="spoilt\n")
        self._call("restore_snapshot", name, "before")
        self._call("read_file", name, "/root/motd")

    def _many_containers(self, image: str) -> None:
        names = [f"{self._name}-{number}" for number in range(1, _MANY + 1)]
        self._stack.callback(self._remove, *names)
        _say(">>> with client.batch(on_progress=bar) as batch:")
        _say(f"...     for name in {names}:")
        _say(f"...         batch.create_container(name, alias={image!r})")
        began = time.monotonic()
        with self._client.batch(on_progress=_bar) as batch:
            for name in names:
                batch.create_container(name, alias=image)
        _say(f"\n    {_MANY} containers in {time.monotonic() - began:.1f} seconds")
        if self._client.has_extension("event_lifecycle"):
            self._listen(names.pop(0))
        self._call("stop_container", self._name, force=True)
        for name in (self._name, *names):
            self._call("delete_container", name)

    def _listen(self, name: str) -> None:
        """Delete a container, and show the events of that."""
        _say(">>> with client.events(types='lifecycle', timeout=1) as events:")
        _say(f"...     client.delete_container({name!r})")
        with self._client.events(types="lifecycle", timeout=1) as events:
            self._client.delete_container(name)
            for event in events:
                _say(f"    {event.metadata.action} {event.metadata.source}")

    def _remove(self, *names: str) -> None:
        """Remove what an error has left."""
        left = set(self._client.instances())
        for name in left.intersection(names):
            with suppress(Error):
                self._client.stop_instance(name, force=True)
            with suppress(Error):
                self._client.delete_instance(name)


def _told(result: object) -> str:
    """Write a result in one line."""
    if isinstance(result, Resource):
        for key in _TOLD:
            if result.get(key):
                return f"{type(result).__name__}: {result[key]}"
    return repr(result)


def _bar(done: int, total: int | None, text: str) -> None:
    """Draw how far a batch has come."""
    del text
    if done != total and not sys.stdout.isatty():
        return
    full = _WIDTH * done // (total or 1)
    sys.stdout.write(f"\r    [{'#' * full}{'.' * (_WIDTH - full)}] {done}/{total}")
    sys.stdout.flush()


def _say(text: str) -> None:
    print(text, flush=True)
