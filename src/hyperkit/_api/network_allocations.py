"""Network allocations: the addresses that are in use."""

from __future__ import annotations

from .._request import path
from ..types import NetworkAllocation
from .network_parts import NetworkPartsMixin


class NetworkAllocationsMixin(NetworkPartsMixin):
    """Chapter "network-allocations" of the API."""

    def network_allocations(self, *, all_projects: bool | None = None) -> list[NetworkAllocation]:
        """List the addresses that are in use: ``GET /1.0/network-allocations``.

        API extension ``network_allocations``. They are those of networks, instances,
        forwards and load balancers, of all networks that the server manages.

        Args:
            all_projects: True lists those of every project.

        Example:
            >>> own = "/1.0/networks/br0"
            >>> [one.addresses for one in client.network_allocations() if one.used_by == own]
            ['10.7.0.1/24']
        """
        self._need("network_allocations", "network allocations")
        url = path("network-allocations")
        query = {"all-projects": "true"} if all_projects else {}
        return self._entries(url, NetworkAllocation, **query)
