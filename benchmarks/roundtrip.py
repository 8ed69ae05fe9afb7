"""One GET: warm, over the unix socket and over TLS; and the first one over TLS."""

from __future__ import annotations

import http.client
import json
import socket
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import requests

import hyperkit

from .peers import (
    BASE,
    Raw,
    UnixHTTPConnection,
    offered,
    pylxd,
    pylxd_client,
    tls_address,
    tls_context,
    unix_session,
    unix_socket,
)
from .rows import FLOOR, OURS, PYLXD, REQUESTS, Row, microseconds, milliseconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from .setting import Setting

PATH = "/1.0/profiles"
STANDARD = "http.client"


def over_socket(setting: Setting) -> Row:
    """Ask over the unix socket."""
    row = Row("warm GET, unix socket", "µs")
    session = unix_session(setting.socket)
    standard = UnixHTTPConnection(setting.socket)
    raw = Raw(lambda: unix_socket(setting.socket))
    with session, closing(standard), closing(raw), setting.client() as client:
        calls: dict[str, Callable[[], object]] = {
            FLOOR: lambda: raw.get(PATH),
            OURS: lambda: client.get(PATH),
            REQUESTS: lambda: session.get(BASE + PATH).json(),
            STANDARD: lambda: by_http_client(standard),
        }
        calls |= offered(row.missing, {PYLXD: lambda: by_pylxd(pylxd_client(setting.socket))})
        warm(row, calls, setting, client)
    return row


def over_tls(setting: Setting) -> Row:
    """Ask over TLS, with a client certificate."""
    row = Row("warm GET, TLS", "µs")
    context, address = tls_context(setting), tls_address(setting)
    raw = Raw(lambda: secure(setting, context))
    standard = http.client.HTTPSConnection(*address, context=context)
    session = tls_session(setting)
    with session, closing(standard), closing(raw), tls_client(setting) as client:
        url = setting.lab["https_url"] + PATH
        calls: dict[str, Callable[[], object]] = {
            FLOOR: lambda: raw.get(PATH),
            OURS: lambda: client.get(PATH),
            REQUESTS: lambda: session.get(url).json(),
            STANDARD: lambda: by_http_client(standard),
        }
        calls |= offered(row.missing, {PYLXD: lambda: by_pylxd(tls_pylxd(setting))})
        warm(row, calls, setting, client)
    return row


def warm(
    row: Row, calls: dict[str, Callable[[], object]], setting: Setting, client: hyperkit.Client
) -> None:
    """Measure, count what hyperkit needed, and compare what is above the floor."""
    rounds, before = setting.turns(500, 3), setting.pick(20, 1)
    take_turns(row, calls, rounds, warm_up=before, shown=microseconds)
    link: Any = client._link  # noqa: SLF001 - who else could count them
    pool = link.transport.pool
    row.counts[OURS] = {
        "requests per call": pool.num_requests / (rounds + before),
        "connections": pool.num_connections,
    }
    above = "time above the floor: "
    row.at_most(above + "≤ 1/2 of requests", row.ratio(OURS, REQUESTS, above=FLOOR), 0.5)
    row.at_most(above + "≤ 1/3 of pylxd", row.ratio(OURS, PYLXD, above=FLOOR), 1 / 3)


def first(setting: Setting) -> Row:
    """Make a client and ask it over TLS: certificates are read, and hands are shaken."""
    row = Row("first request, TLS", "ms")

    def raw() -> object:
        with closing(Raw(lambda: secure(setting, tls_context(setting)))) as opened:
            return opened.get(PATH)

    def standard() -> object:
        address, context = tls_address(setting), tls_context(setting)
        with closing(http.client.HTTPSConnection(*address, context=context)) as connection:
            return by_http_client(connection)

    def ours() -> object:
        with tls_client(setting) as client:
            return client.get(PATH)

    def theirs() -> object:
        return by_pylxd(tls_pylxd(setting))()

    def by_requests() -> object:
        with tls_session(setting) as session:
            return session.get(setting.lab["https_url"] + PATH).json()

    calls: dict[str, Callable[[], object]] = {
        FLOOR: raw,
        OURS: ours,
        REQUESTS: by_requests,
        STANDARD: standard,
        PYLXD: theirs,
    }
    rounds, before = setting.turns(30), setting.pick(2, 1)
    take_turns(row, calls, rounds, warm_up=before, shown=milliseconds)
    row.at_most("within 10 % of http.client", row.ratio(OURS, STANDARD), 1.1)
    return row


def by_http_client(connection: http.client.HTTPConnection) -> object:
    """Ask with the standard library."""
    connection.request("GET", PATH)
    return json.loads(connection.getresponse().read())


def by_pylxd(client: Any) -> Callable[[], object]:
    """Ask with pylxd."""
    return lambda: client.api.profiles.get().json()


def secure(setting: Setting, context: Any) -> socket.socket:
    """Open a connection with TLS."""
    host, port = tls_address(setting)
    opened: socket.socket = context.wrap_socket(
        socket.create_connection((host, port)), server_hostname=host
    )
    return opened


def tls_session(setting: Setting) -> requests.Session:
    """Make a session of requests that knows the certificates."""
    session = requests.Session()
    session.verify = setting.lab["server_certificate"]
    session.cert = (setting.lab["client_certificate"], setting.lab["client_key"])
    return session


def tls_client(setting: Setting) -> hyperkit.Client:
    """Make a client that knows the certificates."""
    return hyperkit.Client(
        api_endpoint=setting.lab["https_url"],
        client_cert=setting.lab["client_certificate"],
        client_key=setting.lab["client_key"],
        server_cert=setting.lab["server_certificate"],
    )


def tls_pylxd(setting: Setting) -> Any:
    """Make a client of pylxd that knows the certificates."""
    lab = setting.lab
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pylxd(
            endpoint=lab["https_url"],
            verify=lab["server_certificate"],
            cert=(lab["client_certificate"], lab["client_key"]),
        )


ROWS = (over_socket, over_tls, first)
