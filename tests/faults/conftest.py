"""An embedded server of each product, a client with a container, and a count of requests."""

import pytest
from faults.table import fault_is_recorded  # noqa: F401 - a fixture
from unit.environment import no_environment, uncollected  # noqa: F401 - fixtures

from hyperkit.testing import Server


@pytest.fixture(params=["lxd-5.0", "incus-6.0"])
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def client(server):
    """A client of that server, which has a container."""
    client = server.client()
    client.create_container("web", alias="busybox")
    return client


@pytest.fixture
def asked(server):
    """Count the requests that have come to the server."""

    def count(method, path):
        return len([one for one in server.requests if (one.method, one.path) == (method, path)])

    return count
