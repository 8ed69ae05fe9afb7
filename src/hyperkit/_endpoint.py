"""Where the server is: endpoints as users write them, sockets as servers make them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from .errors import ArgumentError, ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What requests over a socket have for a host; the servers' own clients say the same.
SOCKET_BASE = "http://unix.socket"
FALLBACK = "https://localhost:8443"


class Endpoint(NamedTuple):
    """A server's address, read.

    Attributes:
        base: the beginning of every URL, such as ``"https://host:8443"``.
        socket: the path of the unix socket, or None.
        tried: where a socket was looked for in vain, for the error text.
    """

    base: str
    socket: str | None = None
    tried: tuple[str, ...] = ()

    def explain(self) -> str:
        """Say whose the socket is that may not be used, or what was looked for."""
        for place in (self.socket, *self.tried):
            if place and _is_socket(place) and not os.access(place, os.W_OK):
                return (
                    f" {place} is there, but only {_owners(place)} may use it: join the group,"
                    " log in anew, and try again."
                )
        if not self.tried:
            return ""
        return (
            f" No endpoint was given, so these sockets were looked for: {', '.join(self.tried)};"
            f" then {FALLBACK}. HYPERKIT_API_ENDPOINT, LXD_SOCKET, LXD_DIR, INCUS_SOCKET and"
            " INCUS_DIR say where a server is."
        )


def parse(text: str | None, environment: Mapping[str, str] = os.environ) -> Endpoint:
    """Read an endpoint; None finds the local server.

    Args:
        text: ``https://host:port``, ``http://host:port``, ``unix:///path`` or a
            path; None looks at the sockets that LXD and Incus make.
        environment: for tests.

    Raises:
        ArgumentError: the text is none of these.
    """
    if text is None:
        return _local(environment)
    if text.startswith("/"):
        return Endpoint(SOCKET_BASE, text)
    if text.startswith(("unix:", "http+unix:")):
        socket = unquote(text.partition(":")[2])
        socket = "/" + socket.lstrip("/")
        if socket == "/":
            return _local(environment)
        return Endpoint(SOCKET_BASE, socket)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    valid = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
    if not valid or parts.username is not None:
        message = (
            f"{_without_login(text)!r} is not an endpoint: use https://host:8443, "
            "unix:///path/to/unix.socket, or the socket's path."
        )
        raise ArgumentError(message)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    suffix = f":{port}" if port else ":8443" if parts.scheme == "https" else ""
    return Endpoint(f"{parts.scheme}://{host}{suffix}")


def _without_login(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def sockets(environment: Mapping[str, str]) -> Iterator[str]:
    """List where LXD, then Incus, put their socket, in their own clients' order."""
    if named := environment.get("LXD_SOCKET"):
        yield named
    if folder := environment.get("LXD_DIR"):
        yield f"{folder}/unix.socket"
    yield "/var/snap/lxd/common/lxd/unix.socket"
    yield "/var/lib/lxd/unix.socket"
    if named := environment.get("INCUS_SOCKET"):
        yield named
    if folder := environment.get("INCUS_DIR"):
        yield f"{folder}/unix.socket"
    yield "/run/incus/unix.socket"
    yield "/var/lib/incus/unix.socket"
    yield "/run/incus/unix.socket.user"
    yield "/var/lib/incus/unix.socket.user"


def _local(environment: Mapping[str, str]) -> Endpoint:
    tried = tuple(sockets(environment))
    for place in tried:
        # A socket one may not write to (the group's, say) is left for the next.
        if _is_socket(place) and os.access(place, os.W_OK):
            return Endpoint(SOCKET_BASE, place)
    return Endpoint(FALLBACK, tried=tried)


def _is_socket(place: str) -> bool:
    """Tell whether a socket is there; what cannot be looked at is none."""
    try:
        return Path(place).is_socket()
    except OSError:
        return False


def _owners(place: str) -> str:
    """Say who may use a socket."""
    try:
        path = Path(place)
        return f"{path.owner()} and the group {path.group()}"
    except (KeyError, OSError):
        return "others"


def client_folders() -> list[Path]:
    """List the folders in which the servers' own clients keep keys and remotes."""
    home = Path("~").expanduser()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    folders = [
        Path(os.environ.get("LXD_CONF") or home / ".config" / "lxc"),
        home / "snap" / "lxd" / "common" / "config",
        Path(os.environ.get("INCUS_CONF") or config / "incus"),
    ]
    return list(dict.fromkeys(folders))


def check_socket(path: str) -> str | None:
    """Say what is wrong with a socket's path, or None.

    Raises nothing, so that it can be asked after a failure too.
    """
    place = Path(path)
    if not place.exists():
        return f"There is no socket at {path}."
    if not place.is_socket():
        return f"{path} is not a socket."
    if not os.access(path, os.W_OK):
        return (
            f"This user may not use the socket {path}: "
            "become a member of the group that owns it (lxd, incus-admin)."
        )
    return None


def socket_failure(path: str, error: object) -> ConnectionFailed:
    """Name the socket, and what is wrong with it."""
    return ConnectionFailed(check_socket(path) or f"Nobody answers at the socket {path}: {error}.")
