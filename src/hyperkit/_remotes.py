"""The remotes of the command-line clients: what ``remote:NAME`` stands for."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ._endpoint import command_folders, sockets, usable_socket
from ._extra import extra
from ._options import ClientOptions, values
from .errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path

    from ._endpoint import ClientFolder

PREFIX = "remote:"
# Image servers that the commands know without any file.
_IMAGE_SERVERS = {
    "images",
    "ubuntu",
    "ubuntu-daily",
    "ubuntu-minimal",
    "ubuntu-minimal-daily",
}
_CHOSEN_BY = {"lxd": "LXC_REMOTE", "incus": "INCUS_REMOTE"}


class Remote(NamedTuple):
    """A remote, as a command's ``config.yml`` has it.

    Attributes:
        name: of the remote.
        fields: what stands there of it.
        folder: where it stands.
        keys: the folders in which its key pair may be.
    """

    name: str
    fields: dict[str, Any]
    folder: ClientFolder
    keys: list[Path]


def expand(options: ClientOptions) -> ClientOptions:
    """Replace ``remote:NAME`` by what the client's configuration says of it.

    No endpoint at all is the one that HYPERKIT_API_ENDPOINT names, if it does, and
    HYPERKIT_SERVER_CERT is its pin. What was given explicitly (a certificate, a project) wins.

    Args:
        options: whose ``api_endpoint`` may begin with ``remote:``.

    Raises:
        ArgumentError: no configuration knows the name.
        MissingExtra: PyYAML is not installed.
    """
    endpoint = options.api_endpoint
    if endpoint is None and (named := os.environ.get("HYPERKIT_API_ENDPOINT")):
        options = _copy(options)
        options.api_endpoint = endpoint = named
        # The pin of just this server; what was said of others in the program counts more.
        if options.server_cert is None and options.verify_ssl is True:
            options.server_cert = os.environ.get("HYPERKIT_SERVER_CERT") or None
    if endpoint is None or not endpoint.startswith(PREFIX):
        return options
    found = _find(endpoint[len(PREFIX) :])
    if found is None:
        twin = _copy(options)
        twin.api_endpoint = None
        return twin
    return _apply(_copy(options), found)


def _copy(options: ClientOptions) -> ClientOptions:
    twin = ClientOptions()
    twin.__dict__.update(values(options))
    return twin


def _find(name: str) -> Remote | None:
    """Find a remote; an empty name is the default one.

    Returns:
        None for the local server that no file describes.
    """
    folders = command_folders()
    files = {folder: _read(folder.path / "config.yml") for folder in folders}
    listed = {folder: _remotes_in(file) for folder, file in files.items()}
    if not name:
        name, product = _default(files)
        folders = [folder for folder in folders if product in {None, folder.product}]
    for folder in folders:
        fields = listed[folder].get(name)
        if isinstance(fields, dict):
            own = [one.path for one in folders if one.own and one.product == folder.product]
            keys = [folder.path, *own] if folder.own else own
            return Remote(name, cast("dict[str, Any]", fields), folder, keys)
    if name == "local":
        return None
    if name in _IMAGE_SERVERS:
        raise _image_server(name)
    known = sorted({str(one) for remotes in listed.values() for one in remotes})
    told = f"; known are {', '.join(known)}" if known else ""
    tried = ", ".join(str(folder.path / "config.yml") for folder in folders)
    message = f"No remote {name!r} is known; looked in {tried}{told}."
    raise ArgumentError(message)


def _remotes_in(file: dict[str, Any]) -> dict[str, Any]:
    remotes: Any = file.get("remotes")
    return cast("dict[str, Any]", remotes) if isinstance(remotes, dict) else {}


def _default(files: dict[ClientFolder, dict[str, Any]]) -> tuple[str, str | None]:
    """Find the default remote, and which product's it is."""
    for product, variable in _CHOSEN_BY.items():
        if named := os.environ.get(variable):
            return named, product
    for folder, file in files.items():
        if named := file.get("default-remote"):
            return str(named), folder.product
    return "local", None


def _image_server(name: str) -> ArgumentError:
    message = (
        f"The remote {name!r} is an image server, not an LXD or Incus server: name it as the "
        "source of an image, with create_image_from_remote."
    )
    return ArgumentError(message)


def _read(file: Path) -> dict[str, Any]:
    """Read a configuration; a file that is not there, or not for us, says nothing."""
    if not os.access(file, os.R_OK):
        return {}
    yaml = extra("remotes", "yaml", f"What {file} says of remotes")
    try:
        found: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        message = f"{file} cannot be read: {error}."
        raise ArgumentError(message) from error
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _apply(options: ClientOptions, remote: Remote) -> ClientOptions:
    fields = remote.fields
    if fields.get("protocol") == "simplestreams":
        raise _image_server(remote.name)
    address = _address(fields)
    if address in {"", "unix:", "unix://"}:
        options.api_endpoint = _local_socket(remote.folder.product)
    else:
        options.api_endpoint = address
    if options.default_project is None:
        options.default_project = fields.get("project") or None
    if address.startswith("https:"):
        _show_certificates(options, remote)
    return options


def _address(fields: dict[str, Any]) -> str:
    """Read the address; where Incus has several, the one that it had used last."""
    addresses: Any = fields.get("last_working_address") or fields.get("addr") or ""
    if isinstance(addresses, list):
        addresses = next(iter(cast("Any", addresses)), "")
    return str(addresses).partition(",")[0].strip()


def _local_socket(product: str) -> str:
    """Find the local socket of just this product: both may be there."""
    places = list(sockets(os.environ, product))
    return usable_socket(places) or places[0]


def _show_certificates(options: ClientOptions, remote: Remote) -> None:
    """Take the pin, the authority and the key pair that the command would take."""
    name, folder = remote.name, remote.folder.path
    pinned = folder / "servercerts" / f"{name}.crt"
    if options.server_cert is None and _is_plain(name) and pinned.is_file():
        options.server_cert = str(pinned)
    for keys in remote.keys:
        authority = keys / "client.ca"
        if options.verify_ssl is True and authority.is_file():
            options.verify_ssl = str(authority)
    if remote.fields.get("auth_type") == "oidc":
        if options.token is None and _is_plain(name):
            options.token = _access_token(folder / "oidctokens" / f"{name}.json")
        return
    if options.client_cert is not None:
        return
    pairs = [keys / "clientcerts" / name for keys in remote.keys if _is_plain(name)]
    pairs += [keys / "client" for keys in remote.keys]
    for pair in pairs:
        certificate, key = f"{pair}.crt", f"{pair}.key"
        if os.access(certificate, os.R_OK) and os.access(key, os.R_OK):
            options.client_cert = certificate
            options.client_key = options.client_key or key
            return


def _is_plain(name: str) -> bool:
    """Tell whether a name leads to no other folder."""
    return "/" not in name and name not in {"", ".", ".."}


def _access_token(file: Path) -> str | None:
    """Read the access token that the command has got; it may have expired."""
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    tokens = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    token = tokens.get("access_token")
    return token if isinstance(token, str) and token else None
