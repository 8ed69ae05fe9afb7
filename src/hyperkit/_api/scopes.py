"""Scopes: the same server, seen from one project or one cluster member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._connection import Connection
from .._request import check_names, given

if TYPE_CHECKING:
    from typing import Self


class ScopesMixin(Connection):
    """Clients that are narrower than the one they come from."""

    def using(
        self,
        *,
        auto_sync: bool | None = None,
        project: str | None = None,
        target: str | None = None,
    ) -> Self:
        """Make a light client that shares the connections of this one.

        It has this client's options as they are now, but for those that are given. It is
        made without any request, and needs no closing; that of a batch belongs to the batch.

        Args:
            auto_sync: whether its calls wait for their operations.
            project: of all its calls, such as ``"blue"``.
            target: the cluster member that all its calls name, such as ``"node-2"``.

        Returns:
            A client of the same kind.

        Raises:
            InvalidName: a project or member that can have no such name.

        Example:
            >>> blue = client.using(project="blue")
            >>> blue.create_instance("web", alias="busybox").status
            'Success'
            >>> client.using(project="blue", auto_sync=False).start_instance("web").status
            'Running'
        """
        check_names(*given(project=project, target=target).values())
        chosen = given(auto_sync=auto_sync, default_project=project, target=target)
        return self._narrowed(**chosen)
