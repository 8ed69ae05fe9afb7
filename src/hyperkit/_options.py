"""The options of a client: their names, defaults and environment variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from ._hint import SLIP, did_you_mean
from .errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Session

VERSION = "0.1.0"
MEDIA_TYPE = "application/json"
USER_AGENT = f"hyperkit/{VERSION}"

_NONE = type(None)
# What an option may hold, and how that is called; all others are text or None.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "auto_sync": ((bool,), "True or False"),
    "default_media_type": ((str,), "text"),
    "operation_timeout": ((int, float, _NONE), "a number of seconds, or None"),
    "session": ((object,), ""),
    "timeout": ((int, float, tuple, _NONE), "a number of seconds, a pair of them, or None"),
    "user_agent": ((str,), "text"),
    "verify_ssl": ((bool, str), "True, False, or the path of a CA file"),
}
_TEXT = ((str, _NONE), "text or None")
# Options in seconds, and whether they may be 0.
_SECONDS = {"operation_timeout": True, "timeout": False}
_PATHS = {"api_endpoint", "client_cert", "client_key", "server_cert", "verify_ssl"}
# What other clients call an option.
_ELSEWHERE = {
    "cert": "client_cert",
    "endpoint": "api_endpoint",
    "key": "client_key",
    "project": "default_project",
    "url": "api_endpoint",
    "verify": "verify_ssl",
}
_FALSE = {"0", "false", "no", "off", ""}
_TRUE = {"1", "true", "yes", "on"}


class ClientOptions:
    """What can be set on the module, on a client and in the environment.

    Nothing is read or opened when an option is set; the next request uses it.
    """

    api_endpoint: str | None
    auto_sync: bool
    client_cert: str | None
    client_key: str | None
    client_key_password: str | None
    default_media_type: str
    default_project: str | None
    operation_timeout: float | None
    proxy: str | None
    server_cert: str | None
    session: Session | None
    target: str | None
    timeout: float | tuple[float | None, float | None] | None
    token: str | None
    user_agent: str
    verify_ssl: bool | str


OPTIONS = tuple(ClientOptions.__annotations__)


def defaults(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Give every option its default, or what the environment says.

    Raises:
        ArgumentError: ``HYPERKIT_AUTO_SYNC`` is neither yes nor no.
    """
    find = environment.get
    return {
        "api_endpoint": None,
        "auto_sync": _flag("HYPERKIT_AUTO_SYNC", find("HYPERKIT_AUTO_SYNC"), default=True),
        "client_cert": find("HYPERKIT_CLIENT_CERT") or None,
        "client_key": find("HYPERKIT_CLIENT_KEY") or find("HYPERKIT_KEY") or None,
        "client_key_password": None,
        "default_media_type": find("HYPERKIT_DEFAULT_MEDIA_TYPE") or MEDIA_TYPE,
        "default_project": None,
        "operation_timeout": None,
        "proxy": find("HYPERKIT_PROXY") or None,
        "server_cert": None,
        "session": None,
        "target": None,
        "timeout": 60.0,
        "token": None,
        "user_agent": find("HYPERKIT_USER_AGENT") or USER_AGENT,
        "verify_ssl": True,
    }


def values(options: ClientOptions) -> dict[str, Any]:
    """Copy the values of all options, so that later changes stay apart."""
    return {name: getattr(options, name) for name in OPTIONS}


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what is no option, and what an option cannot hold; nothing is opened for that.

    Args:
        options: names and values; a path may be of any kind.

    Returns:
        The same, with paths as text.

    Raises:
        ArgumentError: a value is of the wrong type, or a time below 0. No text is repeated: it
            may be a secret.
        TypeError: there is no such option.
    """
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name not in OPTIONS:
            hint = (
                did_you_mean(_ELSEWHERE.get(name, name), OPTIONS)
                or f": the options are {', '.join(OPTIONS)}."
            )
            message = f"There is no option {name!r}{hint}"
            raise TypeError(message)
        is_path = name in _PATHS and hasattr(value, "__fspath__")
        plain = os.fspath(cast("os.PathLike[str]", value)) if is_path else value
        kinds, words = _KINDS.get(name, _TEXT)
        if not isinstance(plain, kinds):
            message = f"{name} must be {words}, not {type(value).__name__}."
            raise ArgumentError(message)
        if name in _SECONDS:
            _check_seconds(name, plain)
        found[name] = plain
    return found


def _check_seconds(name: str, value: Any) -> None:
    """Refuse a time that has passed before it begins; a wait of 0 seconds looks once."""
    pair: tuple[Any, ...] = value if isinstance(value, tuple) else (value, value)  # pyright: ignore[reportUnknownVariableType]
    if len(pair) != 2 or not all(_may_be_seconds(one) for one in pair):
        message = f"{name} must be {_KINDS[name][1]}."
        raise ArgumentError(message)
    may_be_zero = _SECONDS[name]
    for seconds in pair:
        if seconds is not None and not (seconds > 0 or (may_be_zero and seconds == 0)):
            least = "0 seconds or more" if may_be_zero else "above 0 seconds"
            message = f"{name} must be {least}, not {seconds!r}."
            raise ArgumentError(message)


def _may_be_seconds(value: Any) -> bool:
    return isinstance(value, (int, float, _NONE)) and not isinstance(value, bool)


def check_name(owner: str, name: str, value: object, there: object) -> None:
    """Refuse to set an attribute where an option was meant: nobody would be told.

    Args:
        owner: what it would be an attribute of, for people.
        name: of the attribute.
        value: what it would be. A function may take the place of another one, as in tests.
        there: what has the name already.

    Raises:
        AttributeError: it is nearly an option's name, or what others call one.
    """
    if there is not None and (callable(value) or name not in _ELSEWHERE):
        return
    if hint := did_you_mean(_ELSEWHERE.get(name, name), OPTIONS, likeness=SLIP):
        message = f"{owner} has no option {name!r}{hint}"
        raise AttributeError(message)


def _flag(variable: str, text: str | None, *, default: bool) -> bool:
    if text is None:
        return default
    word = text.strip().lower()
    if word in _FALSE:
        return False
    if word in _TRUE:
        return True
    message = f"{variable}={text!r} is neither yes nor no: use true or false."
    raise ArgumentError(message)


_module: list[ClientOptions] = []


def follow(client: ClientOptions) -> None:
    """Make the options of a client the ones that new clients start from."""
    _module[:] = [client]


def start() -> dict[str, Any]:
    """Give the options that a new client starts from: the module's, at this moment."""
    return values(_module[0]) if _module else defaults()
