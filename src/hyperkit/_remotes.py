"""The remotes of the command-line clients: what ``remote:NAME`` stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from ._endpoint import client_folders
from ._hint import did_you_mean
from ._options import ClientOptions, values
from .errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "remote:"


def expand(options: ClientOptions) -> ClientOptions:
    """Replace ``remote:NAME`` by what the client's configuration says of it.

    No endpoint at all is the one that HYPERKIT_API_ENDPOINT names, if it does. What
    was given explicitly (a certificate, a project) wins.

    Args:
        options: whose ``api_endpoint`` may begin with ``remote:``.

    Raises:
        ArgumentError: no configuration knows the name, or PyYAML is missing.
    """
    endpoint = options.api_endpoint
    if endpoint is None and (named := os.environ.get("HYPERKIT_API_ENDPOINT")):
        options = _copy(options)
        options.api_endpoint = endpoint = named
    if endpoint is None or not endpoint.startswith(PREFIX):
        return options
    name = endpoint[len(PREFIX) :]
    tried: list[str] = []
    known: list[str] = []
    for folder in client_folders():
        file = folder / "config.yml"
        tried.append(str(file))
        remotes: dict[str, Any] = (_read(file).get("remotes") or {}) if file.is_file() else {}
        if remote := remotes.get(name):
            return _apply(_copy(options), folder, name, remote)
        known += remotes
    if name == "local":
        twin = _copy(options)
        twin.api_endpoint = None
        return twin
    hint = did_you_mean(name, known) or f"; looked in {', '.join(tried)}."
    message = f"No remote {name!r} is known{hint}"
    raise ArgumentError(message)


def _copy(options: ClientOptions) -> ClientOptions:
    twin = ClientOptions()
    twin.__dict__.update(values(options))
    return twin


def _read(file: Path) -> dict[str, Any]:
    try:
        import yaml  # noqa: PLC0415 - an extra, imported when used
    except ImportError:
        message = "Remotes need PyYAML: pip install 'pyhyperkit[remotes]'."
        raise ArgumentError(message) from None
    try:
        return cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{file} cannot be read: {error}."
        raise ArgumentError(message) from error


def _apply(
    options: ClientOptions, folder: Path, name: str, remote: dict[str, Any]
) -> ClientOptions:
    address = str(remote.get("addr", ""))
    if remote.get("protocol", "lxd") == "simplestreams":
        message = f"The remote {name!r} is an image server, not an LXD or Incus server."
        raise ArgumentError(message)
    options.api_endpoint = None if address in {"", "unix://", "unix:"} else address
    pin = folder / "servercerts" / f"{name}.crt"
    if options.server_cert is None and pin.is_file():
        options.server_cert = str(pin)
    if options.client_cert is None and (folder / "client.crt").is_file():
        options.client_cert = str(folder / "client.crt")
        options.client_key = options.client_key or str(folder / "client.key")
    options.default_project = options.default_project or remote.get("project") or None
    return options
