"""The options of a client: their names, defaults and environment variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._hint import did_you_mean
from .errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Session

VERSION = "0.1.0"
MEDIA_TYPE = "application/json"
USER_AGENT = f"hyperkit/{VERSION}"

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


def check(options: Mapping[str, Any]) -> None:
    """Refuse names that are no options.

    Raises:
        TypeError: there is no such option.
    """
    for name in options:
        if name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS) or f": the options are {', '.join(OPTIONS)}."
            message = f"There is no option {name!r}{hint}"
            raise TypeError(message)


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
