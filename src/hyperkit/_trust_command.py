"""``python -m hyperkit trust``: become trusted by a server, with a token of its administrator."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ._client import Client
from ._endpoint import own_folder
from ._key_pair import KeyPair, generate_key_pair
from ._token import decode_token
from ._trust import client_pair, pin
from .errors import Error

_EPILOG = """\
The token is what "lxc config trust add", "incus config trust add" or
hyperkit.create_trust_token() prints. As an argument it can be seen by whoever may list this
machine's processes; "-" reads it from standard input.

The key pair is the one in --folder; without that, the one that HYPERKIT_CLIENT_CERT and
HYPERKIT_CLIENT_KEY name, else that of hyperkit's own folder, else that of the lxc or incus
command. If there is none, one is made in hyperkit's own folder. Nothing is ever written into
the folders of those commands.
"""


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Args:
        commands: what ``add_subparsers`` has returned.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        "trust",
        help="become trusted by a server, with a token of its administrator",
        description="Become trusted by a server, with a token of its administrator, and show how "
        "to make a client that is.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        help="of the server, such as https://host:8443; the token's own addresses if left out",
    )
    parser.add_argument("token", metavar="TOKEN", help='the token, or "-" for standard input')
    parser.add_argument(
        "--folder",
        metavar="DIR",
        help="with client.crt and client.key, which are made if they are not there "
        f"(~/{_below_home(own_folder())})",
    )
    parser.set_defaults(run=run)


def _below_home(folder: Path) -> str:
    home = Path("~").expanduser()
    return str(folder.relative_to(home) if folder.is_relative_to(home) else folder)


def run(options: argparse.Namespace) -> int:
    """Become trusted.

    Args:
        options: ``url``, ``token`` and ``folder``.

    Returns:
        What the program ends with.
    """
    token = sys.stdin.readline() if options.token == "-" else options.token  # noqa: S105 - no token
    try:
        decode_token(token)  # before anything is made for it
        pair = _pair(options.folder)
        given: dict[str, Any] = {} if options.url is None else {"api_endpoint": options.url}
        if pair is not None:
            given |= {"client_cert": pair.certificate, "client_key": pair.key}
        with Client(**given) as client:
            fresh = client.trust(token)
            endpoint, fingerprint = client.api_endpoint, pin(client.server_cert or "")
    except Error as error:
        print(f"trust: {error}", file=sys.stderr)
        return 1
    done = "trusts this client now" if fresh else "trusts this client already; the token is unused"
    shown = {"api_endpoint": endpoint, "server_cert": fingerprint}
    if pair is not None:
        shown |= {"client_cert": pair.certificate, "client_key": pair.key}
    arguments = "".join(f"    {name}={value!r},\n" for name, value in shown.items())
    print(f"{endpoint} {done}. In Python:\n")
    print(f"import hyperkit\n\nclient = hyperkit.Client(\n{arguments})")
    return 0


def _pair(folder: str | None) -> KeyPair | None:
    """Find a key pair, or make one.

    Returns:
        None for the one that a client takes by itself.
    """
    if folder is None:
        if client_pair(Client()) is None:
            made = generate_key_pair(own_folder())
            print(f"A key pair was made: {made.certificate}, {made.key}.")
        return None
    place = Path(folder).expanduser().absolute()
    found = KeyPair(str(place / "client.crt"), str(place / "client.key"))
    if all(Path(one).exists() for one in found):
        return found
    return generate_key_pair(place)
