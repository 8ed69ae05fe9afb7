"""``python -m hyperkit doctor``: what stands between this machine and a server, in plain words."""

from __future__ import annotations

import datetime as dt
import getpass
import grp
import json
import os
import platform
import pwd
import socket
import ssl
import stat
from contextlib import suppress
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ._client import Client
from ._contact import shown_certificate
from ._endpoint import Endpoint, check_socket, own_folder, parse, sockets, without_login
from ._options import VERSION
from ._remotes import expand
from ._transport import chosen_proxy
from ._trust import certificate_text, client_pair, load_certificate, pin
from .errors import (
    ArgumentError,
    CertificateError,
    ConnectionFailed,
    Error,
    Forbidden,
    MissingExtra,
    RequestTimeout,
    ServiceUnavailable,
    TLSError,
    Unauthorized,
    UntrustedServer,
)
from .types import Server

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ._options import ClientOptions

_MARKS = {"good": "  ok  ", "note": " note ", "trouble": "WRONG "}
# How far two clocks may be apart before anything depends on it, and a certificate's last days.
_APART = dt.timedelta(minutes=2)
_SOON = dt.timedelta(days=14)
_TIMEOUT = 10.0
# What tells that an extra is installed.
_EXTRAS = {
    "metrics": "prometheus_client",
    "oidc": "oauthlib",
    "remotes": "yaml",
    "sftp": "paramiko",
    "testing": "aiohttp",
    "tqdm": "tqdm",
}
# What a whole chapter of this library needs; servers of these years have most of it.
_CHAPTERS = {
    "container_backup": "backups of instances",
    "clustering": "clusters",
    "event_lifecycle": "lifecycle events",
    "image_types": "images of virtual machines",
    "metrics": "metrics",
    "network_acl": "network ACLs",
    "network_forward": "network forwards",
    "network_dns": "network zones",
    "projects": "projects",
    "storage_buckets": "storage buckets",
    "warnings": "warnings",
}


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        kind: ``"good"``, ``"note"`` or ``"trouble"``.
        text: what was found, as a whole sentence.
        step: what to do about it; empty if nothing is to be done.
    """

    kind: str
    text: str
    step: str = ""


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Args:
        commands: what ``add_subparsers`` has returned.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="explain what stands between this machine and a server",
        description="Explain in plain words what stands between this machine and a server. "
        "It changes nothing. It ends with 1 if something is wrong.",
    )
    parser.add_argument(
        "--server",
        metavar="URL|SOCKET|remote:NAME",
        help="HYPERKIT_API_ENDPOINT or the local server if left out",
    )
    parser.add_argument(
        "--server-cert",
        metavar="FILE|FINGERPRINT",
        help="the pinned certificate of the server",
    )
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at everything, and tell it.

    Args:
        options: ``server``, ``server_cert`` and ``json``.

    Returns:
        What the program ends with: 1 if something is wrong.
    """
    found: list[Finding] = []
    for finding in examine(options.server, options.server_cert):
        found.append(finding)
        if not options.json:
            _tell(finding)
    troubles = sum(finding.kind == "trouble" for finding in found)
    if options.json:
        print(json.dumps([finding._asdict() for finding in found], indent=2))
    else:
        what = "1 thing is" if troubles == 1 else f"{troubles} things are"
        print(f"\n{what} wrong." if troubles else "\nAll is well.")
    return 1 if troubles else 0


def _tell(finding: Finding) -> None:
    print(f"[{_MARKS[finding.kind]}] {finding.text}", flush=True)
    if finding.step:
        print(f"         -> {finding.step}", flush=True)


def examine(where: str | None = None, server_cert: str | None = None) -> Iterator[Finding]:
    """Look at everything that a connection depends on.

    Args:
        where: an endpoint, as `Client` takes it.
        server_cert: the pin, as `Client` takes it.

    Returns:
        Findings, one at a time; where one makes the rest pointless, it is the last.
    """
    yield _versions()
    try:
        client = Client(api_endpoint=where, server_cert=server_cert, timeout=_TIMEOUT)
    except ArgumentError as error:
        yield Finding("trouble", str(error), "Set the environment variable right, or unset it.")
        return
    with client:
        try:
            settled = expand(client)
            endpoint = parse(settled.api_endpoint)
        except Error as error:
            step = "Name the server: --server https://host:8443, --server /path/to/unix.socket."
            if isinstance(error, MissingExtra):
                step = f"pip install 'pyhyperkit[{error.extra}]'"
            yield Finding("trouble", str(error), step)
            return
        yield from _whence(where, settled, endpoint)
        if endpoint.socket is None and settled.api_endpoint is None:
            yield from _no_socket(endpoint)
            return
        if endpoint.socket is not None:
            problem = check_socket(endpoint.socket)
            if problem is not None:
                yield Finding("trouble", problem, _step_for_socket(endpoint.socket))
                return
            yield Finding("good", f"The socket {endpoint.socket} is there, and may be used.")
        else:
            reached = True
            for finding in _way(client, settled, endpoint):
                reached = reached and finding.kind != "trouble"
                yield finding
            if not reached:
                return
        yield from _answer(client, settled, endpoint)


def _versions() -> Finding:
    there = [extra for extra, module in _EXTRAS.items() if find_spec(module) is not None]
    return Finding(
        "good",
        f"hyperkit {VERSION} on Python {platform.python_version()}, {ssl.OPENSSL_VERSION}; "
        f"extras that are there: {', '.join(there) or 'none'}.",
    )


def _whence(where: str | None, settled: ClientOptions, endpoint: Endpoint) -> Iterator[Finding]:
    """Tell why it is this server."""
    named = os.environ.get("HYPERKIT_API_ENDPOINT")
    if where is not None:
        why = f"--server is {where}"
    elif named:
        why = f"HYPERKIT_API_ENDPOINT is {named}"
    else:
        why = "no server was named"
    if endpoint.socket is None and settled.api_endpoint is None:
        begun = why[0].upper() + why[1:]
        yield Finding("note", f"{begun}, so the local server is looked for.")
        return
    shown = endpoint.socket or endpoint.base
    project = f", project {settled.default_project}" if settled.default_project else ""
    yield Finding("good", f"The server is {shown}{project}: {why}.")
    if settled.api_endpoint is None:
        for place in sockets(os.environ):
            if place == endpoint.socket:
                break
            problem = check_socket(place)
            if problem is not None and not problem.startswith("There is no socket"):
                yield Finding("note", f"Passed over: {problem}")


def _no_socket(endpoint: Endpoint) -> Iterator[Finding]:
    """Tell why there is no local server: none of its sockets may be used."""
    missing: list[str] = []
    for place in endpoint.tried:
        problem = check_socket(place) or ""
        if problem.startswith("There is no socket"):
            missing.append(place)
        else:
            yield Finding("trouble", problem, _step_for_socket(place))
    if missing:
        yield Finding("note", f"There is no socket at: {', '.join(missing)}.")
    if len(missing) == len(endpoint.tried):
        yield Finding(
            "trouble",
            "Neither LXD nor Incus runs on this machine, as far as can be seen.",
            "Start it (snap start lxd; systemctl start incus), or name a server: "
            "--server https://host:8443. LXD_SOCKET, LXD_DIR, INCUS_SOCKET and INCUS_DIR name "
            "other places.",
        )


def _step_for_socket(place: str) -> str:
    """Say how this user may come to use a socket."""
    try:
        about = Path(place).stat()
    except PermissionError:
        return "Run this as root, or ask whoever administers this machine to let you in."
    except OSError:
        return "Start the server, or name another one with --server."
    if not stat.S_ISSOCK(about.st_mode):
        return "Name the socket itself: --server /path/to/unix.socket."
    if not about.st_mode & stat.S_IWGRP or about.st_gid == 0:
        return "Only root may use it: run this as root, or set the server's group for it."
    return _step_for_group(about.st_gid)


def _step_for_group(number: int) -> str:
    user = _user()
    try:
        group = grp.getgrgid(number)
    except KeyError:
        return f"Run: sudo groupadd -g {number} NAME; sudo usermod -aG {number} {user}."
    if user in group.gr_mem:
        return (
            f"{user} is a member of the group {group.gr_name}, but not yet in this session: log "
            f"in anew, or run: newgrp {group.gr_name}"
        )
    return f"Run: sudo usermod -aG {group.gr_name} {user}; then log in anew."


def _user() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return str(os.geteuid())


def _way(client: Client, settled: ClientOptions, endpoint: Endpoint) -> Iterator[Finding]:
    """Look at the way to a server on the network: its name, its port, its certificate."""
    parts = urlsplit(endpoint.base)
    host, port = parts.hostname or "", parts.port or 80
    proxy = chosen_proxy(endpoint.base, settled) if parts.scheme == "https" else None
    if proxy is not None:
        yield Finding("note", f"It is reached through the proxy {without_login(proxy)}.")
    else:
        finding = _reach(host, port)
        yield finding
        if finding.kind == "trouble":
            return
    if parts.scheme != "https":
        yield Finding(
            "trouble",
            "The address begins with http://: everything would go in the clear, and no server "
            "trusts anybody there.",
            f"Use https://{host}:{port}.",
        )
        return
    yield from _check_own_certificate(settled)
    try:
        certificate = shown_certificate(client)
    except (ConnectionFailed, RequestTimeout) as error:
        yield Finding(
            "trouble",
            str(error),
            f"See whether it is LXD or Incus that listens on port {port}: "
            "lxc config get core.https_address",
        )
        return
    yield from _dates(certificate, "The server's certificate", "the server's administrator")
    yield from _check_pin(settled, certificate.fingerprint)


def _reach(host: str, port: int) -> Finding:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Finding(
            "trouble",
            f"The name {host} cannot be resolved: {error.strerror or error}.",
            "See whether the name is spelt right and this machine's DNS works, or use an address.",
        )
    told = ", ".join(dict.fromkeys(str(one[4][0]) for one in addresses))
    try:
        socket.create_connection((host, port), _TIMEOUT).close()
    except TimeoutError:
        return Finding(
            "trouble",
            f"Nothing comes back from {host} ({told}), port {port}.",
            "See whether the machine is up, and whether a firewall stands between.",
        )
    except OSError as error:
        return Finding(
            "trouble",
            f"{host} ({told}) does not take connections on port {port}: {error.strerror}.",
            'On the server, run: lxc config set core.https_address ":8443" (or incus).',
        )
    return Finding("good", f"{host} ({told}) takes connections on port {port}.")


def _check_own_certificate(settled: ClientOptions) -> Iterator[Finding]:
    if settled.token is not None:
        yield Finding("good", "The client shows a bearer token.")
    pair = client_pair(settled)
    if pair is None:
        if settled.token is None:
            yield Finding(
                "note",
                "The client has no certificate, so no server can know it.",
                f"python -m hyperkit trust URL TOKEN makes one, in {own_folder()}.",
            )
        return
    certificate, key = pair
    shown = "text" if "-----BEGIN" in (certificate or "") else certificate
    yield Finding("good", f"The client's certificate is {shown}.")
    if key is not None and "-----BEGIN" not in key:
        with suppress(OSError):
            mode = Path(key).expanduser().stat().st_mode
            if mode & 0o077:
                yield Finding(
                    "trouble",
                    f"The key {key} may be read by others ({stat.filemode(mode)}).",
                    f"Run: chmod 600 {key}",
                )
    try:
        text = certificate_text(certificate or "")
        yield from _dates(text, "The client's certificate", "python -m hyperkit trust")
    except Error as error:
        yield Finding("trouble", str(error), "Name another one with HYPERKIT_CLIENT_CERT.")


def _dates(text: str, what: str, who: str) -> Iterator[Finding]:
    """Look at when a certificate begins and ends."""
    certificate = load_certificate(text, what)
    begins, ends = _moment(certificate.get_notBefore()), _moment(certificate.get_notAfter())
    now = dt.datetime.now(dt.UTC)
    span = f"it is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}"
    told = f"{what} has the fingerprint {pin(text)}; {span}."
    if now < begins:
        yield Finding(
            "trouble",
            f"{what} is not valid yet: {span}; this machine's clock says {now:%Y-%m-%d %H:%M}.",
            "Set this machine's clock right (timedatectl), or wait.",
        )
    elif ends < now:
        yield Finding(
            "trouble",
            f"{what} has expired: {span}; this machine's clock says {now:%Y-%m-%d %H:%M}.",
            f"If the clock is right, a new certificate is needed: {who} makes one.",
        )
    elif ends - now < _SOON:
        yield Finding("note", f"{told} It expires in {(ends - now).days} days.")
    else:
        yield Finding("good", told)


def _moment(text: bytes | None) -> dt.datetime:
    """Read a moment as certificates have it, such as ``b"20261231235959Z"``."""
    return dt.datetime.strptime((text or b"").decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)


def _check_pin(settled: ClientOptions, fingerprint: str) -> Iterator[Finding]:
    if settled.server_cert is None:
        if settled.verify_ssl is False:
            yield Finding(
                "note",
                "verify_ssl is False: whoever stands between can read and change everything.",
                f'Pin the certificate, if it is the right one: server_cert="{fingerprint}".',
            )
        return
    try:
        pinned = pin(settled.server_cert)
    except CertificateError as error:
        yield Finding("trouble", str(error), "Give server_cert a path, PEM text or fingerprint.")
        return
    if pinned == fingerprint:
        yield Finding("good", "The server's certificate is the pinned one.")
    else:
        yield Finding(
            "trouble",
            f"The pinned certificate is another one: {pinned}.",
            "Ask the server's administrator whether its certificate was changed. If it was not, "
            "somebody stands between. If it was, pin the new one.",
        )


def _answer(client: Client, settled: ClientOptions, endpoint: Endpoint) -> Iterator[Finding]:
    """Ask the server who it is, and what it takes us for."""
    try:
        server = Server(client._get("/1.0"))
    except Error as error:
        yield Finding("trouble", str(error), _step_for(error, endpoint))
        return
    yield from _clock(client)
    if server.get("auth") != "trusted":
        yield _stranger(settled, server)
        return
    environment: dict[str, Any] = server.get("environment") or {}
    product = {"lxd": "LXD", "incus": "Incus"}.get(str(environment.get("server")), "A server")
    user = server.get("auth_user_name")
    yield Finding(
        "good",
        f"{product} {environment.get('server_version')} trusts this client"
        f"{f', as {user[:20]}' if user else ''}.",
    )
    yield from _extensions(server)
    yield from _project(client, settled)


def _stranger(settled: ClientOptions, server: Server) -> Finding:
    methods: list[str] = server.get("auth_methods") or []
    if client_pair(settled) is None and settled.token is None:
        text = "The server does not know this client, which shows no certificate."
    else:
        text = "The server does not trust this client."
    step = (
        "Ask its administrator for a token (lxc config trust add --name NAME, or incus config "
        "trust add NAME), and run: python -m hyperkit trust URL TOKEN"
    )
    if "oidc" in methods:
        step += ". Or log in at the server's identity provider: client.log_in()"
    return Finding("trouble", text, f"{step}.")


def _step_for(error: Error, endpoint: Endpoint) -> str:
    """Say what to do about an error."""
    steps: list[tuple[type[Error], str]] = [
        (
            UntrustedServer,
            "Compare the fingerprint above with what lxc info (or incus info) says on the server "  # noqa: ISC004
            "itself; if it is the same, pin it: server_cert (here: --server-cert FINGERPRINT).",
        ),
        (CertificateError, "Make a key pair anew: hyperkit.generate_key_pair(folder)."),
        (TLSError, "See whether it is LXD or Incus that listens there; they speak TLS 1.3."),
        (ServiceUnavailable, "The server starts, or stops: try again in a minute."),
        (Unauthorized, "The token is not good any more: get another one."),
        (Forbidden, "Ask the server's administrator for more rights."),
        (RequestTimeout, "The server is there and says nothing: look at its log."),
        (ArgumentError, "Set the option right that is named there."),
    ]
    for kind, step in steps:
        if isinstance(error, kind):
            return step
    if endpoint.socket is not None:
        return "Start the server (snap start lxd; systemctl start incus), or look at its log."
    return "See whether the address is that of LXD or Incus, and look at the server's log."


def _clock(client: Client) -> Iterator[Finding]:
    """Compare the clocks: certificates and tokens go by them."""
    response = client.last_response
    told = response.headers.get("Date") if response is not None else None
    try:
        there = parsedate_to_datetime(told or "")
        apart = dt.datetime.now(dt.UTC) - there
    except (ValueError, TypeError):
        return
    if abs(apart) > _APART:
        way = "ahead of" if apart > dt.timedelta() else "behind"
        yield Finding(
            "trouble",
            f"This machine's clock is {_span(abs(apart))} {way} the server's.",
            "Set both right (timedatectl set-ntp true): certificates and tokens go by them.",
        )
    else:
        yield Finding("good", "This machine's clock and the server's agree.")


def _span(apart: dt.timedelta) -> str:
    minutes = round(apart.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _extensions(server: Server) -> Iterator[Finding]:
    listed: set[str] = set(server.get("api_extensions") or ())
    lacking = [f"{what} ({name})" for name, what in _CHAPTERS.items() if name not in listed]
    yield Finding("good", f"The server has {len(listed)} API extensions.")
    if lacking:
        yield Finding(
            "note",
            f"It is too old for: {', '.join(lacking)}. What needs them is refused.",
        )


def _project(client: Client, settled: ClientOptions) -> Iterator[Finding]:
    """See whether there are instances to be seen in the project of all calls."""
    name = settled.default_project or "default"
    try:
        if name != "default":
            client.project(name)
        count = len(client.instances())
    except Error as error:
        yield Finding(
            "trouble",
            str(error),
            "Name another project (default_project), or ask the administrator to let you use it.",
        )
        return
    there = "is 1 instance" if count == 1 else f"are {count} instances"
    yield Finding("good", f"There {there} in the project {name}.")
