"""Warnings: what the server's administrator should know."""

from __future__ import annotations

from typing import Literal, overload

from .._request import given, path
from ..types import ServerWarning
from .operations import OperationsMixin


class WarningsMixin(OperationsMixin):
    """Chapter "warnings" of the API."""

    def delete_warning(self, uuid: str) -> None:
        """Delete a warning: ``DELETE /1.0/warnings/<uuid>``; it comes back if its cause does.

        API extension ``warnings``.

        Args:
            uuid: of the warning.

        Raises:
            NotFound: there is no such warning.

        Example:
            >>> client.delete_warning(client.warnings()[0])
        """
        self._delete(self._warning(uuid))

    def patch_warning(
        self, uuid: str, *, status: Literal["acknowledged", "new"] | None = None
    ) -> None:
        """Acknowledge a warning, or take that back: ``PATCH /1.0/warnings/<uuid>``.

        API extension ``warnings``.

        Args:
            uuid: of the warning.
            status: ``"acknowledged"`` or ``"new"``; ``"resolved"`` is for the server to say.

        Raises:
            Forbidden: another status.
            NotFound: there is no such warning.

        Example:
            >>> client.patch_warning(client.warnings()[0], status="acknowledged")
        """
        self._patch(self._warning(uuid), given(status=status))

    def update_warning(self, uuid: str, *, status: Literal["acknowledged", "new"]) -> None:
        """Acknowledge a warning, or take that back: ``PUT /1.0/warnings/<uuid>``.

        API extension ``warnings``.

        Args:
            uuid: of the warning.
            status: ``"acknowledged"`` or ``"new"``; ``"resolved"`` is for the server to say.

        Raises:
            Forbidden: another status.
            NotFound: there is no such warning.

        Example:
            >>> client.update_warning(client.warnings()[0], status="new")
        """
        self._put(self._warning(uuid), {"status": status})

    def warning(self, uuid: str) -> ServerWarning:
        """Read a warning: ``GET /1.0/warnings/<uuid>``.

        API extension ``warnings``.

        Args:
            uuid: of the warning.

        Raises:
            NotFound: there is no such warning.

        Example:
            >>> client.warning(client.warnings()[0]).severity
            'low'
        """
        return self._object(self._warning(uuid), ServerWarning)

    @overload
    def warnings(
        self,
        *,
        filter: str | None = None,
        project: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def warnings(
        self,
        *,
        filter: str | None = None,
        project: str | None = None,
        recursion: Literal[1],
    ) -> list[ServerWarning]: ...

    def warnings(
        self,
        *,
        filter: str | None = None,
        project: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[ServerWarning]:
        """List the warnings: ``GET /1.0/warnings``.

        API extension ``warnings``.

        Args:
            filter: such as ``"severity eq high"``; see "Filtering" in the manual.
            project: whose warnings; the client's project if not given, and without one
                every warning.
            recursion: 0 for UUIDs, 1 for the warnings themselves.

        Example:
            >>> [one.type for one in client.warnings(filter="status eq new", recursion=1)]
            ['Instance type not operational']
        """
        return self._list(
            self._warning(), ServerWarning, recursion, filter=filter, filtering="", project=project
        )

    def _warning(self, *segments: str) -> str:
        url = path("warnings", *segments)
        self._need("warnings", "warnings")
        return url
