"""Recordings: what a server has answered, kept in a file, and given again without it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from .._client import Client
from .._endpoint import parse
from .._transport import adapter_for

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Mapping

    from .._link import Link

    Json = dict[str, Any]

# What answers say in headers that means something; dates and lengths do not.
_HEADERS = ("content-type", "content-disposition", "etag", "location", "x-lxd-", "x-incus-")
_SECRET_KEYS = "secret|password|trust_token|cluster_token|token|certificate_key"  # noqa: S105
# Longer bodies of requests than this are recorded by their hash, in bytes.
_LONG = 4096
# What must not be kept, and what stands in its place.
_SECRETS = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----(\\n)?", re.DOTALL), "<PEM>"),
    (re.compile(rf'("[^"]*(?:{_SECRET_KEYS})": ?)"[^"]+"'), r'\1"<secret>"'),
    (re.compile(r'("(?:\d|control|criu|fs)": ?)"[0-9a-f]{32,}"'), r'\1"<secret>"'),
    (re.compile(r"((?:^|[?&])(?:secret|token|password)=)[^&\"]+"), r"\1<secret>"),
    (re.compile(r"\beyJ[A-Za-z0-9_=-]{20,}(?:\.[A-Za-z0-9_=-]+)*"), "<token>"),
)


def scrubbed(text: str) -> str:
    """Take the secrets out of a text: keys, certificates, passwords, tokens.

    Args:
        text: a body or an URL.
    """
    for pattern, stand_in in _SECRETS:
        text = pattern.sub(stand_in, text)
    return text


class RecordingMismatch(AssertionError):
    """A program has asked something else than was recorded, or what cannot be recorded."""


@contextlib.contextmanager
def record(path: str | os.PathLike[str], **options: Any) -> Generator[Client]:
    """Record what a server answers, for tests that run without it.

    Secrets are taken out: keys, certificates, passwords, tokens, and the secrets of
    websockets. Look at the file before you publish it all the same: names, addresses and the
    contents of files are in it. What needs a websocket is refused: `run`, `popen`, `shell`,
    `events`, and what waits for events (`launch_instance`, `wait_for_instance`, `batch`,
    `wait_for_operations`). `execute_command` with ``record_output`` needs none.

    Args:
        path: of the file, such as ``"tests/create.json"``; it is written when the block ends.
        options: those of `Client`, such as ``api_endpoint``.

    Raises:
        RecordingMismatch: a call needs a websocket.

    Example:
        >>> with record("create.json", api_endpoint=server.url) as client:
        ...     client.create_container("db", alias="busybox").status
        'Success'
    """
    made = Client(**options)
    recorder = Recorder(adapter_for(made))
    options["session"] = _session(recorder, made.api_endpoint)
    with contextlib.closing(recorder), _Recorded(**options) as client:
        yield client
    recorder.save(Path(path))


@contextlib.contextmanager
def replay(path: str | os.PathLike[str], **options: Any) -> Generator[Client]:
    """Answer as it was recorded.

    Args:
        path: of a file that `record` has written.
        options: those of `Client`; ``api_endpoint`` is not needed.

    Raises:
        RecordingMismatch: something else was asked than was recorded, or less, or a call
            needs a websocket.

    Example:
        >>> with replay("create.json") as client:
        ...     client.create_container("db", alias="busybox").status
        'Success'
    """
    replayer = Replayer(Path(path))
    endpoint = options.pop("api_endpoint", None) or "unix:///replayed"
    options |= {"api_endpoint": endpoint, "session": _session(replayer, endpoint)}
    with _Recorded(**options) as client:
        yield client
    replayer.check_end()


class _Recorded(Client):
    """A client that opens no websockets, and whose batches and projects open none."""

    def _connected(self) -> Link:
        link = super()._connected()
        link.__dict__["open_socket"] = _refuse_socket
        return link


def _refuse_socket(*_: object) -> NoReturn:
    message = (
        "This call needs a websocket, and recordings keep requests and answers alone: run(), "
        "popen(), shell(), events(), launch_instance(), wait_for_instance(), batch() and "
        "wait_for_operations() cannot be recorded. Use execute_command(record_output=True), "
        "create_instance(start=True) and calls that wait for themselves, or the embedded server."
    )
    raise RecordingMismatch(message)


class Recorder(BaseAdapter):
    """Sends through the real adapter, and keeps what goes to and fro.

    Args:
        adapter: the real one; it is closed with this one.
        scrub: takes out of a text what must not be kept.

    Attributes:
        exchanges: what was asked, and what was answered.
    """

    def __init__(self, adapter: Any, scrub: Callable[[str], str] = scrubbed) -> None:
        super().__init__()
        self._adapter = adapter
        self._scrub = scrub
        self.exchanges: list[Json] = []

    def send(self, request: PreparedRequest, *_: Any, **options: Any) -> Response:
        """Send a request, and keep the answer."""
        asked = _asked(request, self._scrub)
        response: Response = self._adapter.send(request, timeout=options.get("timeout"))
        content = response.content
        kept = {
            name: self._scrub(value)
            for name, value in response.headers.items()
            if name.lower().startswith(_HEADERS)
            or (name == "Content-Length" and request.method == "HEAD")
        }
        answer = {"status": response.status_code, "headers": kept, **self.body(request, content)}
        self.exchanges.append({"request": asked, "answer": answer})
        # The program gets all that was said, with its secrets.
        whole = {"base64": base64.b64encode(content).decode()}
        return _response(request, answer | whole | {"headers": dict(response.headers)})

    def body(self, request: PreparedRequest, content: bytes) -> Json:
        """Write the body of an answer: as text, if it is text.

        Args:
            request: what was asked.
            content: what was answered.
        """
        del request
        try:
            return {"text": self._scrub(content.decode())}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(content).decode()}

    def save(self, path: Path) -> None:
        """Write the recording.

        Args:
            path: of the file; folders are made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.exchanges, indent=1) + "\n")

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


class Replayer(BaseAdapter):
    """Answers as recorded; each request must be the next one of the recording.

    Args:
        path: of the recording.
        scrub: as it was when the recording was made.
    """

    def __init__(self, path: Path, scrub: Callable[[str], str] = scrubbed) -> None:
        super().__init__()
        self._exchanges: list[Json] = json.loads(path.read_text())
        self._scrub = scrub
        self._next = 0

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Answer a request."""
        asked = _asked(request, self._scrub)
        what = f"{asked['method']} {asked['url']}"
        if self._next >= len(self._exchanges):
            message = f"{what} was not recorded: the recording is at its end."
            raise RecordingMismatch(message)
        exchange = self._exchanges[self._next]
        known = exchange["request"]
        if _parsed(asked) != _parsed(known):
            message = (
                f"{what} was asked, where {known['method']} {known['url']} was recorded:"
                f" {asked} and {known}"
            )
            raise RecordingMismatch(message)
        self._next += 1
        return _response(request, exchange["answer"])

    def check_end(self) -> None:
        """Refuse a program that asked less than was recorded."""
        left = self._exchanges[self._next :]
        if left:
            message = f"{len(left)} more requests were recorded than asked."
            raise RecordingMismatch(message)

    def close(self) -> None:
        """Close nothing."""


def _session(adapter: BaseAdapter, endpoint: str | None) -> Session:
    session = Session()
    session.trust_env = False
    session.mount(parse(endpoint).base, adapter)
    return session


def _asked(request: PreparedRequest, scrub: Callable[[str], str]) -> Json:
    """Write down what makes a request that one."""
    parts = urlsplit(request.url or "")
    headers: Mapping[str, str] = request.headers or {}
    return {
        "method": request.method,
        "url": scrub(parts.path + (f"?{parts.query}" if parts.query else "")),
        "body": _shown(_whole(request), scrub),
        "if_match": headers.get("If-Match", ""),
        "headers": {
            name: value
            for name, value in sorted(headers.items())
            if name.lower().startswith(("x-lxd-", "x-incus-"))
        },
    }


def _whole(request: PreparedRequest) -> bytes:
    """Read a body that goes in pieces, and put it back in one."""
    given: Any = request.body or b""
    if isinstance(given, str):
        return given.encode()
    body: bytes = given if isinstance(given, bytes) else b"".join(given)
    if body is not given:
        pieces: Any = iter([body])
        request.body = pieces
    headers: Mapping[str, str] = request.headers or {}
    found = re.search("boundary=(.+)", headers.get("Content-Type", ""))
    return body.replace(found[1].encode(), b"boundary") if found else body


def _shown(body: bytes, scrub: Callable[[str], str]) -> str:
    """Write the body of a request, or what identifies it."""
    if len(body) <= _LONG:
        with contextlib.suppress(UnicodeDecodeError):
            return scrub(body.decode())
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _parsed(asked: Json) -> Json:
    """Read a body that is JSON: the order of its keys says nothing."""
    with contextlib.suppress(ValueError):
        return asked | {"body": json.loads(asked["body"])}
    return asked


def _response(request: PreparedRequest, answer: Mapping[str, Any]) -> Response:
    """Make the response that an answer in a recording stands for."""
    content = base64.b64decode(answer["base64"]) if "base64" in answer else answer["text"].encode()
    response = Response()
    response.status_code = answer["status"]
    response.headers = CaseInsensitiveDict(answer["headers"])
    response.raw = HTTPResponse(
        io.BytesIO(content),
        headers=answer["headers"],
        status=answer["status"],
        preload_content=False,
        request_method=request.method,
    )
    response.request = request
    response.url = request.url or ""
    return response
