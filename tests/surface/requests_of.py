"""Calls a method with arguments made from its signature, and notes what it requests."""

import ast
import datetime as dt
import inspect
import io
import json
import re
import socket
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import requests
from requests import Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from surface.endpoints import ENDPOINTS, find
from surface.samples import CERTIFICATE
from urllib3 import HTTPResponse

import hyperkit

ADDRESS = "https://lxd.test:8443"
# Each sign in it would lead elsewhere, were it not quoted.
NAME = "a b?c#d%2F&e=f"
SECRETS = {"0": "s", "1": "s", "2": "s", "control": "s", "fs": "s"}
# What a server might say of anything that it is asked for.
ANYTHING = {
    "addresses": ["host:8443"],
    "aliases": [],
    "architecture": "x86_64",
    "certificate": CERTIFICATE,
    "config": {},
    "content_type": "filesystem",
    "description": "",
    "devices": {},
    "enabled": True,
    "environment": {"addresses": ["host:8443"], "certificate": CERTIFICATE},
    "ephemeral": False,
    "expires_at": "0001-01-01T00:00:00Z",
    "fds": SECRETS,
    "filename": "image.tar.gz",
    "fingerprint": "f" * 64,
    "groups": [],
    "name": "web",
    "profiles": [],
    "properties": {},
    "public": False,
    "secret": "s",
    "size": 1,
    "status": "Stopped",
    "target": "f" * 64,
    "token": "t",
    "type": "container",
}
REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)
NO = json.dumps({"type": "error", "error": "not here", "error_code": 403}).encode()
# Lists that nothing is below, and that are therefore not known by the table's shape.
LISTS = re.compile(
    "/(access|leases|network-allocations|auth/permissions|metadata/templates|storage-volumes/.*)$"
)
# Answered by an operation that goes on: somebody is to connect to it.
WEBSOCKETS = re.compile(
    r"/(exec|console)$|^/1.0/instances(/[^/]+)?$|/volumes/[^/]+(/[^/]+)?$|/snapshots/[^/]+$"
)
# Their bodies have the names of variables for keys.
NAMED_BY_USERS = "/nvram"


class Request(NamedTuple):
    """What went to the server: the names in its query and body, not their values."""

    method: str
    path: str
    query: frozenset
    body: frozenset

    @property
    def endpoint(self):
        return find(self.method, self.path)


class Notes(BaseAdapter):
    """A server that takes everything, and notes what it was asked."""

    def __init__(self, product, extensions=None):
        super().__init__()
        self.product = product
        self.extensions = extensions
        self.noted = []
        self.sockets = []

    def client(self):
        session = requests.Session()
        session.trust_env = False
        session.mount(ADDRESS, self)
        client = hyperkit.Client(api_endpoint=ADDRESS, session=session)
        client._open_socket = self.open_socket
        return client

    def send(self, request, **options):
        body = request.body
        if body is not None and not isinstance(body, (bytes, str)):
            body = b"".join(body)
        is_json = request.headers.get("Content-Type") == "application/json"
        self.note(request.method, request.url, body if is_json else None)
        response = Response()
        response.status_code = 200
        response.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
        content = json.dumps(self.answer(request.method, urlsplit(request.url).path)).encode()
        response.raw = HTTPResponse(
            io.BytesIO(b"" if request.method == "HEAD" else content),
            status=200,
            preload_content=False,
        )
        response.request = request
        response.url = request.url
        return response

    def open_socket(self):
        ours, theirs = socket.socketpair()
        ours.sendall(REFUSED % (len(NO), NO))
        ours.shutdown(socket.SHUT_WR)
        self.sockets.append(ours)
        return theirs

    def close(self):
        pass

    def note(self, method, url, body):
        parts = urlsplit(url)
        keys = json.loads(body) if body and not parts.path.endswith(NAMED_BY_USERS) else {}
        self.noted.append(
            Request(
                method,
                parts.path,
                frozenset(name for name, _ in parse_qsl(parts.query)) - {"project"},
                frozenset(keys if isinstance(keys, dict) else ()),
            )
        )

    def requests(self):
        """Take the notes, those from sockets included."""
        for ours in self.sockets:
            ours.settimeout(0.2)
            head, _, body = ours.recv(65536).partition(b"\r\n\r\n")
            ours.close()
            if head:
                method, url, _ = head.split(b"\r\n")[0].decode().split(" ")
                self.note(method, url, body)
        noted, self.noted, self.sockets = self.noted, [], []
        return noted

    def answer(self, method, path):
        envelope = {"type": "sync", "status": "Success", "status_code": 200}
        if path == "/1.0":
            return envelope | {"metadata": self.server()}
        if method == "GET":
            return envelope | {"metadata": self.found(path)}
        operation = {"id": "u-1", "class": "task", "status_code": 200, "status": "Success"}
        metadata = SECRETS | {"fds": SECRETS} if WEBSOCKETS.search(path) else ANYTHING
        if method == "POST" and WEBSOCKETS.search(path):
            url = "/1.0/operations/u-1"
            return {
                "type": "async",
                "operation": url,
                "metadata": operation | {"metadata": metadata},
            }
        return envelope | {"metadata": ANYTHING}

    def server(self):
        environment = {"server": self.product, "server_version": "9", "certificate": CERTIFICATE}
        environment["addresses"] = ["host:8443"]
        known = {"auth": "untrusted", "config": {}, "environment": environment}
        if self.extensions is not None:
            known |= {"auth": "trusted", "api_extensions": list(self.extensions)}
        return known

    def found(self, path):
        if path.startswith("/1.0/operations"):
            words = path.split("/")
            operation = {"id": "u-1", "class": "task", "status_code": 200, "status": "Success"}
            return operation | {"metadata": {"return": 0}} if len(words) > 3 else {}
        if path.endswith("/auth/identities"):
            return {}
        endpoint = find("GET", path)
        if endpoint is None:
            return ANYTHING
        item = endpoint.path + "/{"
        if LISTS.search(path) or any(one.path.startswith(item) for one in ENDPOINTS):
            return [] if not path.endswith("/nvram") else {}
        return ANYTHING


def arguments(method, samples, base):
    """Make the arguments of several calls: the fewest, and each of the others once."""
    parameters = list(inspect.signature(method).parameters.values())
    needed = {
        one.name: sample(one, samples) for one in parameters if one.default is one.empty
    } | base
    if "sync" in inspect.signature(method).parameters:
        needed["sync"] = False
    yield needed
    for one in parameters:
        if one.default is one.empty or one.name in {"sync", "on_progress", "progress"}:
            continue
        for value in choices(one, samples):
            yield needed | {one.name: value}


def sample(parameter, samples):
    return next(iter(choices(parameter, samples)))


def choices(parameter, samples):
    """Find values for a parameter: those of its name, or else of its type."""
    if parameter.name in samples:
        value = samples[parameter.name]
        return [value() if callable(value) else value]
    kind = str(parameter.annotation)
    if "Literal[" in kind:
        found = re.search(r"Literal(\[.*?\])", kind)
        return ast.literal_eval(found[1])
    for word, value in (
        ("InstanceType", "container"),
        ("ImageProtocol", "simplestreams"),
        ("RemotePath", "/etc/hosts"),
        ("Action", "start"),
        ("DiskVolumesMode", "root"),
        ("bytes", b"bytes"),
        ("bool", True),
        ("datetime", dt.datetime(2040, 1, 1, tzinfo=dt.UTC)),
        ("Mapping[str, Mapping", {"a": {"b": "c"}}),
        ("Sequence[Mapping", [{}]),
        ("Iterable[Mapping", [{}]),
        ("Mapping", {"a": "b"}),
        ("Sequence", ["a"]),
        ("Iterable", ["a"]),
        ("int", 1),
        ("float", 1.0),
        ("str", NAME),
    ):
        if word in kind:
            return [value]
    message = f"no sample for {parameter}: add one to SAMPLES"
    raise AssertionError(message)


def call(client, name, given):
    """Call a method; what it makes of the answers is not looked at."""
    method = getattr(client, name)
    parameters = inspect.signature(method).parameters
    positional = [
        given[one.name]
        for one in parameters.values()
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.name in given
    ]
    keywords = {
        key: value
        for key, value in given.items()
        if parameters[key].kind is inspect.Parameter.KEYWORD_ONLY
    }
    result = method(*positional, **keywords)
    if isinstance(result, hyperkit.Events) or name.startswith(("edit_", "temporary_")):
        result.__enter__()
