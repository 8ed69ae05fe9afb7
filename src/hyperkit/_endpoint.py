"""Where the server is: endpoints as users write them, sockets as servers make them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from .errors import ArgumentError, ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What requests over a socket have for a host; the servers' own clients say the same.
SOCKET_BASE = "http://unix.socket"
FALLBACK = "https://localhost:8443"
# Of a socket's URL.
_SCHEMES = ("unix:", "http+unix:")
_LOGIN = re.compile(r"^(\w+://)?.*@", re.DOTALL)


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
            if place and _is_socket(place) and (problem := check_socket(place)):
                return f" {problem}"
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
    if text.startswith(_SCHEMES):
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
        shown = without_login(text)
        message = f"{shown!r} is not an endpoint"
        if shown != text:
            message += " with a name and password: servers know certificates and tokens only"
        message += ": use https://host:8443, unix:///path/to/unix.socket, or the socket's path."
        raise ArgumentError(message)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    suffix = f":{port}" if port else ":8443" if parts.scheme == "https" else ""
    return Endpoint(f"{parts.scheme}://{host}{suffix}")


def without_login(text: str) -> str:
    """Leave out a user's name and password.

    Args:
        text: a URL, perhaps with them; the path of a socket stays as it is.
    """
    if text.startswith(("/", *_SCHEMES)):
        return text
    return _LOGIN.sub(r"\1", text)


def sockets(environment: Mapping[str, str], product: str | None = None) -> Iterator[str]:
    """List where LXD, then Incus, put their socket, in their own clients' order.

    Args:
        environment: its variables name more places.
        product: ``"lxd"`` or ``"incus"``, for those of one only.
    """
    if product != "incus":
        yield from _lxd_sockets(environment)
    if product != "lxd":
        yield from _incus_sockets(environment)


def _lxd_sockets(environment: Mapping[str, str]) -> Iterator[str]:
    if named := environment.get("LXD_SOCKET"):
        yield named
    if folder := environment.get("LXD_DIR"):
        yield f"{folder}/unix.socket"
    yield "/var/snap/lxd/common/lxd/unix.socket"
    yield "/var/lib/lxd/unix.socket"


def _incus_sockets(environment: Mapping[str, str]) -> Iterator[str]:
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
    usable = usable_socket(tried)
    return Endpoint(SOCKET_BASE, usable) if usable else Endpoint(FALLBACK, tried=tried)


def usable_socket(places: Iterable[str]) -> str | None:
    """Find the first socket that this user may use.

    Args:
        places: where to look. One that is there and may not be written to (the group's,
            say) is left for the next.
    """
    return next((place for place in places if check_socket(place) is None), None)


class ClientFolder(NamedTuple):
    """Where the servers' own clients keep things.

    Attributes:
        path: of the folder.
        product: ``"lxd"`` or ``"incus"``.
        own: whether it is this user's; else it is for everybody on the machine.
    """

    path: Path
    product: str
    own: bool = True


def command_folders() -> list[ClientFolder]:
    """List the folders in which the servers' own clients keep remotes, each user's own first."""
    find = os.environ.get
    home = Path("~").expanduser()
    return [
        ClientFolder(Path(find("LXD_CONF") or home / ".config" / "lxc"), "lxd"),
        ClientFolder(home / "snap" / "lxd" / "common" / "config", "lxd"),
        ClientFolder(Path(find("INCUS_CONF") or _config_home() / "incus"), "incus"),
        ClientFolder(Path(find("LXD_GLOBAL_CONF") or "/etc/lxd"), "lxd", own=False),
        ClientFolder(Path(find("INCUS_GLOBAL_CONF") or "/etc/incus"), "incus", own=False),
    ]


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
    """List the folders in which the servers' own clients keep a key pair."""
    return list(dict.fromkeys(folder.path for folder in command_folders() if folder.own))


def own_folder() -> Path:
    """Name the folder of this library's own key pair."""
    return _config_home() / "hyperkit"


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path("~").expanduser() / ".config")


def check_socket(path: str) -> str | None:
    """Say what is wrong with a socket's path, or None.

    Raises nothing, so that it can be asked after a failure too.
    """
    try:
        mode = Path(path).stat().st_mode
    except PermissionError:
        return f"This user may not look into the folder of {path}."
    except (OSError, ValueError):
        return f"There is no socket at {path}."
    if not stat.S_ISSOCK(mode):
        return f"{path} is not a socket."
    if not os.access(path, os.W_OK):
        return (
            f"This user may not use the socket {path}, only {_owners(path)}: join the group,"
            " log in anew, and try again."
        )
    return None


def socket_failure(path: str, error: object) -> ConnectionFailed:
    """Name the socket, and what is wrong with it."""
    return ConnectionFailed(check_socket(path) or f"Nobody answers at the socket {path}: {error}.")
