"""The pytest plugin: fixtures with the embedded server.

It is beside `hyperkit.testing`, not in it, since pytest loads it wherever hyperkit is
installed: also where the extra ``testing`` is not.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._client import Client
    from .testing import Server

_DEFAULT = "incus-6.0"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that says which server tests run on."""
    parser.addini(
        "hyperkit_flavour",
        "which server hyperkit_server poses as: lxd-2.0, lxd-5.0, lxd-6, incus-6.0 or incus-7",
        default=_DEFAULT,
    )


@pytest.fixture
def hyperkit_flavour(pytestconfig: pytest.Config) -> str:
    """Which server `hyperkit_server` poses as; a test's own fixture or parameter may say so."""
    return str(pytestconfig.getini("hyperkit_flavour"))


@pytest.fixture
def hyperkit_server(hyperkit_flavour: str) -> Iterator[Server]:
    """Start an embedded server for a test; the functions of the module talk to it.

    So do programs that the test starts: ``HYPERKIT_API_ENDPOINT`` is set meanwhile.
    """
    from ._functions import default_client  # noqa: PLC0415 - pytest loads this everywhere
    from ._options import defaults, values  # noqa: PLC0415
    from .testing import Server  # noqa: PLC0415

    client = default_client()
    before = values(client)
    with Server(hyperkit_flavour) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYPERKIT_API_ENDPOINT", server.url)
        options = defaults({}) | {"api_endpoint": server.url}
        for name, value in options.items():
            setattr(client, name, value)
        try:
            yield server
        finally:
            client.close()
            for name, value in before.items():
                setattr(client, name, value)
        if server.faults.unused:
            planned = "\n".join(server.faults.unused)
            message = f"Faults were planned that have struck nobody:\n{planned}"
            warnings.warn(pytest.PytestWarning(message), stacklevel=1)


@pytest.fixture
def hyperkit_client(hyperkit_server: Server) -> Client:
    """Make a client of `hyperkit_server`."""
    return hyperkit_server.client()
