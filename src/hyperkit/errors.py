"""Everything that this library raises, by cause.

::

    hyperkit.Error
    ├── APIError                        the server answered, and said no
    │   ├── ClientError                 4xx: the request was wrong, or not allowed
    │   │   ├── BadRequest              400
    │   │   ├── Unauthorized            401
    │   │   ├── Forbidden               403
    │   │   ├── NotFound                404
    │   │   ├── MethodNotAllowed        405
    │   │   ├── NotAcceptable           406
    │   │   ├── Conflict                409
    │   │   ├── PreconditionFailed      412
    │   │   ├── UnsupportedMediaType    415
    │   │   ├── UnprocessableEntity     422
    │   │   └── Locked                  423
    │   └── ServerError                 5xx: the server or a proxy failed
    │       ├── InternalServerError     500
    │       ├── NotImplementedByServer  501
    │       ├── BadGateway              502
    │       └── ServiceUnavailable      503
    ├── OperationError                  an asynchronous call did not succeed
    │   ├── OperationFailed             also a BadRequest
    │   │   └── OperationConflict       also a Conflict: what it was to make is there
    │   ├── OperationCancelled
    │   ├── OperationTimeout            also a TimeoutError
    │   └── OperationGone               also a NotFound: its outcome is unknown
    ├── ErrorGroup                      several of them at once; also an ExceptionGroup
    ├── ConnectionFailed                no answer at all; also a ConnectionError
    │   └── TLSError
    │       ├── UntrustedServer         its certificate is not the expected one
    │       └── CertificateError        the client's own; also a ValueError
    ├── RequestTimeout                  also a TimeoutError
    ├── CalledProcessError              a command in an instance failed; also subprocess's
    ├── TimeoutExpired                  it took too long; also subprocess's, and a TimeoutError
    ├── InstanceNotReady                it did not become so in time; also a TimeoutError
    ├── InvalidResponse                 an answer that is not the API's
    │   └── MissingField                a field is not there; also a KeyError, AttributeError
    ├── MissingExtension                the server lacks what a method needs
    ├── MissingExtra                    a package is not installed; also an ImportError
    └── ArgumentError                   found before any request; also a ValueError
        ├── InvalidName
        ├── ImageIdentifierRequired
        ├── AliasAttributesRequired
        ├── InvalidProtocol
        ├── InvalidImageAttributes
        └── MissingProfiles

Every one of them can be pickled, and its text is a whole sentence.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ._hint import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .types import InstanceState, Operation


class Error(Exception):
    """The root of all errors of this library."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the text and the attributes, whatever the constructor takes."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[Error], args: tuple[Any, ...], state: dict[str, Any]) -> Error:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class APIError(Error):
    """The server answered with an error.

    Attributes:
        status_code: the HTTP status, or the code in the body where they differ.
        method: the verb of the request, such as ``"GET"``.
        url: what was asked, secrets masked.
        reason: the server's own words.
        operation: the operation that failed, if there was one.
    """

    status_code: int = 0
    method: str = ""
    url: str = ""
    reason: str = ""
    operation: Operation | None = None

    def __init__(
        self,
        reason: str,
        *,
        status_code: int = 0,
        method: str = "",
        url: str = "",
        hint: str = "",
    ) -> None:
        self.reason = reason
        self.status_code = status_code
        self.method = method
        self.url = url
        where = f"{method} {url}: " if url else ""
        code = f" ({status_code})" if status_code else ""
        super().__init__(f"{where}{reason}{code}{'. ' + hint if hint else ''}")


class ClientError(APIError):
    """The request was wrong, or not allowed (4xx)."""


class BadRequest(ClientError):
    """The server could not make sense of the request (400)."""


class Unauthorized(ClientError):
    """The session or the bearer token is not valid (401)."""


class Forbidden(ClientError):
    """The server does not trust this client, or not with this (403)."""


class NotFound(ClientError):
    """There is no such thing (404)."""


class MethodNotAllowed(ClientError):
    """The thing does not take this verb (405)."""


class NotAcceptable(ClientError):
    """The server cannot answer in the wanted form (406)."""


class Conflict(ClientError):
    """It is there already, or in use (409).

    Where a server says by another code that something of this name exists, it is this too.
    """


class PreconditionFailed(ClientError):
    """The object has changed since its ETag was read (412)."""


class UnsupportedMediaType(ClientError):
    """The body's content type is not one that the server takes (415)."""


class UnprocessableEntity(ClientError):
    """The request is well formed and still cannot be followed (422)."""


class Locked(ClientError):
    """The thing is locked by other work (423)."""


class ServerError(APIError):
    """The server, or a proxy before it, failed (5xx)."""


class InternalServerError(ServerError):
    """The server failed (500)."""


class NotImplementedByServer(ServerError):
    """This release of the server does not know the call (501)."""


class BadGateway(ServerError):
    """A proxy could not reach the server (502)."""


class ServiceUnavailable(ServerError):
    """The server is starting, or shutting down (503)."""


class OperationError(Error):
    """An asynchronous call did not succeed.

    Attributes:
        operation: the operation as it was last seen, or None.
        reason: the server's own words, empty if there were none.
    """

    operation: Operation | None = None
    reason: str = ""

    def __init__(self, reason: str, operation: Operation | None = None) -> None:
        self.reason = reason
        self.operation = operation
        Error.__init__(self, _operation_sentence(reason, operation))


def _operation_sentence(reason: str, operation: Operation | None) -> str:
    if operation is None:
        return reason
    what = operation.get("description") or "The operation"
    resources: dict[str, list[str] | None] = operation.get("resources") or {}
    urls = [url for found in resources.values() for url in found or ()]
    names = {unquote(urlsplit(url).path.rpartition("/")[2]) for url in urls}
    whose = f"{names.pop()}, " if len(names) == 1 else ""
    return f"{what} ({whose}operation {operation.get('id')}): {reason}"


class OperationFailed(OperationError, BadRequest):
    """The operation ended in failure."""

    status_code = 400


class OperationConflict(OperationFailed, Conflict):
    """The operation failed, since what it was to make is there already."""

    status_code = 409


class OperationCancelled(OperationError):
    """The operation was cancelled before its end."""


class OperationTimeout(OperationError, TimeoutError):
    """The time to wait has passed; the operation goes on."""


class OperationGone(OperationError, NotFound):
    """The server does not know the operation, so its outcome is unknown.

    Servers forget an operation five seconds after its end, and most of them
    when they restart.
    """

    status_code = 404


class ErrorGroup(ExceptionGroup[Exception], Error):
    """Several things went wrong, each for its own reason; the rest was done.

    ``except*`` takes out those of a kind.

    Attributes:
        message: how many, and of what.
        exceptions: each by itself.
    """

    # Narrower than ExceptionGroup's: no group of this library holds a KeyboardInterrupt.
    def derive(self, excs: Sequence[Exception], /) -> ErrorGroup:  # type: ignore[override]
        """Stay one of these where ``except*`` takes some out."""
        return ErrorGroup(self.message, excs)


class ConnectionFailed(Error, ConnectionError):
    """The server could not be reached, or hung up without an answer."""


class TLSError(ConnectionFailed):
    """No trusted, encrypted connection could be made."""


class UntrustedServer(TLSError):
    """The server's certificate is not the one that was expected."""


class CertificateError(TLSError, ValueError):
    """A certificate or a key that was given cannot be used."""


class RequestTimeout(Error, TimeoutError):
    """The server took longer than ``timeout`` to connect or to answer."""


# What servers end a command with that they could not run; they write nothing then.
_UNRUN = {126: "it cannot be executed.", 127: "there is no such command."}


class CalledProcessError(Error, subprocess.CalledProcessError):
    """A command in an instance ended with another code than 0.

    Attributes:
        instance: its name.
        cmd: the command, as a list.
        returncode: what it ended with; 128 and the signal's number, if one ended it.
        stdout: what it wrote, if that was captured; ``output`` is the same.
        stderr: likewise.
    """

    def __init__(
        self,
        instance: str,
        returncode: int,
        cmd: Sequence[str],
        output: Any = None,
        stderr: Any = None,
    ) -> None:
        Error.__init__(self, instance, returncode, cmd, output, stderr)
        self.instance = instance
        self.returncode = returncode
        self.cmd = cmd
        self.output = output
        self.stderr = stderr

    def __str__(self) -> str:
        """Say which command, its code, and the last that it wrote to standard error."""
        said = self.stderr or ""
        lines = (said if isinstance(said, str) else said.decode(errors="replace")).split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        last = last or _UNRUN.get(self.returncode, "")
        what = f"{shlex.join(self.cmd)} in {self.instance} ended with {self.returncode}"
        return f"{what}: {last}" if last else f"{what}."


class TimeoutExpired(Error, subprocess.TimeoutExpired, TimeoutError):
    """A command in an instance took longer than it was given.

    Attributes:
        instance: its name.
        cmd: the command, as a list.
        timeout: the seconds that it was given.
        stdout: what it had written by then, if that was captured; ``output`` is the same.
        stderr: likewise.
    """

    def __init__(
        self,
        instance: str,
        cmd: Sequence[str],
        timeout: float,
        output: Any = None,
        stderr: Any = None,
    ) -> None:
        Error.__init__(self, instance, cmd, timeout, output, stderr)
        self.instance = instance
        self.cmd = cmd
        self.timeout = timeout
        self.output = output
        self.stderr = stderr

    def __str__(self) -> str:
        """Say which command, and how long it was given."""
        return (
            f"{shlex.join(self.cmd)} in {self.instance} took longer than {self.timeout:g} seconds."
        )


class InstanceNotReady(Error, TimeoutError):
    """An instance was not in time what it was to be.

    Attributes:
        instance: its name.
        until: what it was to be, such as ``"ip"``.
        state: the `InstanceState` as it was last seen.
    """

    def __init__(
        self, instance: str, until: str, timeout: float, state: InstanceState | None
    ) -> None:
        self.instance = instance
        self.until = until
        self.state = state
        status = "unknown" if state is None else state.get("status")
        super().__init__(
            f'{instance} did not reach "{until}" within {timeout:g} seconds: it is {status}.'
        )


class InvalidResponse(Error):
    """What came back is not an answer of the API."""


class MissingField(InvalidResponse, KeyError, AttributeError):
    """An object that the server sent does not have the field that was asked for.

    Attributes:
        field: what was asked for.
        fields: what there is.
    """

    def __init__(self, message: str, field: str = "", fields: tuple[str, ...] = ()) -> None:
        Error.__init__(self, message)
        self.field = field
        self.fields = fields

    def __str__(self) -> str:
        """Say it, and what was probably meant; a KeyError would quote it."""
        said = str(self.args[0])
        return (
            said if said.endswith(".") else said + (did_you_mean(self.field, self.fields) or ".")
        )


class MissingExtension(Error, NotImplementedError):
    """The server lacks the API extension that a method needs.

    Attributes:
        extension: the name of what is missing, as the server would report it.
        server: which server it is, such as ``"LXD 5.0.2"``.
    """

    extension: str = ""
    server: str = ""

    def __init__(self, extension: str, what: str, *, server: str = "") -> None:
        self.extension = extension
        self.server = server
        super().__init__(
            f'{server or "This server"} does not have the API extension "{extension}", '
            f"which is needed for {what}."
        )


class MissingExtra(Error, ImportError):
    """A method needs a package that is not installed: one of hyperkit's extras brings it.

    Attributes:
        extra: the extra's name, such as ``"tqdm"``.
    """

    extra: str = ""

    def __init__(self, extra: str, what: str = "This needs a package") -> None:
        self.extra = extra
        super().__init__(f"{what}: pip install 'pyhyperkit[{extra}]'.")


class ArgumentError(Error, ValueError):
    """An argument cannot be right; nothing was sent."""


class InvalidName(ArgumentError):
    """A name that no object of the API can have."""


class ImageIdentifierRequired(ArgumentError):
    """No image was named, neither by alias, fingerprint nor properties."""


class AliasAttributesRequired(ArgumentError):
    """An image alias is to be updated, but with nothing."""


class InvalidProtocol(ArgumentError):
    """A protocol for remote images that no server speaks."""


class InvalidImageAttributes(ArgumentError):
    """Image arguments that exclude each other."""


class MissingProfiles(ArgumentError):
    """Profiles that the target server does not have."""


BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    412: PreconditionFailed,
    415: UnsupportedMediaType,
    422: UnprocessableEntity,
    423: Locked,
    500: InternalServerError,
    501: NotImplementedByServer,
    502: BadGateway,
    503: ServiceUnavailable,
}


# "In use" alone may be an address, a device or a pool.
_TAKEN = re.compile(
    r"already exists|exists already|file exists|UNIQUE constraint failed"
    r"|(name|snapshot) [\"'][^\"']+[\"'] already in use",
    re.IGNORECASE,
)


def is_taken(reason: str) -> bool:
    """Tell whether the server means that there is one already, whatever its code says.

    Args:
        reason: the server's words.
    """
    return _TAKEN.search(reason) is not None


def by_status(status_code: int) -> type[APIError]:
    """Choose the exception for an HTTP status.

    Args:
        status_code: such as ``404``.

    Returns:
        The class for just this status, else the one for its family.
    """
    family = ServerError if status_code >= 500 else ClientError if status_code >= 400 else APIError
    return BY_STATUS.get(status_code, family)
