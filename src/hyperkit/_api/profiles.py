"""Profiles: configuration and devices that instances share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._request import check_names, devices_of, given, path, strings
from ..types import Profile
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class ProfilesMixin(OperationsMixin):
    """Chapter "profiles" of the API."""

    def create_profile(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a profile: ``POST /1.0/profiles``.

        Args:
            name: such as ``"web"``.
            config: such as ``{"limits.cpu": 2}``; values of any type.
            description: for people.
            devices: such as ``{"root": {"type": "disk", "pool": "default", "path": "/"}}``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            BadRequest: the server takes no such configuration.
            APIError: there is a profile of that name: a Conflict, or (LXD 5, Incus 6)
                an InternalServerError.

        Example:
            >>> client.create_profile("web", config={"limits.cpu": 2}).status
            'Success'
        """
        check_names(name)
        body = _fields(config, description, devices)
        return self._handle_async(self._post(path("profiles"), {"name": name, **body}), sync)

    def delete_profile(self, name: str) -> None:
        """Delete a profile: ``DELETE /1.0/profiles/<name>``.

        Args:
            name: such as ``"web"``; no instance may use it.

        Raises:
            NotFound: there is no such profile.
            BadRequest: it is in use.

        Example:
            >>> client.delete_profile("web")
        """
        self._delete(path("profiles", name))

    def edit_profile(self, name: str) -> AbstractContextManager[Profile]:
        """Change a profile in a ``with`` block: ``GET``, then ``PUT /1.0/profiles/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing.

        Args:
            name: such as ``"web"``.

        Returns:
            A context manager that gives the profile.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such profile.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_profile("web") as profile:
            ...     profile.config["limits.cpu"] = "4"
        """

        def write(profile: Profile, etag: str | None) -> None:
            body = _fields(profile["config"], profile["description"], profile["devices"])
            self._handle_async(self._put(path("profiles", name), body, etag=etag), sync=True)

        return editing(
            self, lambda: self.profile(name), write, ("config", "description", "devices")
        )

    def patch_profile(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a profile: ``PATCH /1.0/profiles/<name>``.

        Args:
            name: such as ``"web"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            devices: those to add or to change; the others stay.
            etag: of the profile that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such profile.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_profile("web", config={"limits.memory": "1GiB"}).status
            'Success'
        """
        body = _fields(config, description, devices)
        return self._handle_async(self._patch(path("profiles", name), body, etag=etag), sync)

    def profile(self, name: str) -> Profile:
        """Read a profile: ``GET /1.0/profiles/<name>``.

        Args:
            name: such as ``"default"``.

        Raises:
            NotFound: there is no such profile.

        Example:
            >>> client.profile("default").devices["root"]["path"]
            '/'
        """
        return self._object(path("profiles", name), Profile)

    @overload
    def profiles(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def profiles(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[Profile]: ...

    def profiles(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[Profile]:
        """List the profiles: ``GET /1.0/profiles``.

        Args:
            all_projects: True lists those of every project (Incus, LXD 6).
            filter: such as ``"name eq web"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the profiles themselves.

        Example:
            >>> client.profiles()
            ['default']
        """
        return self._list(
            path("profiles"),
            Profile,
            recursion,
            all_projects=all_projects,
            extension="profiles_all_projects",
            filter=filter,
        )

    def rename_profile(self, old_name: str, new_name: str) -> None:
        """Rename a profile: ``POST /1.0/profiles/<name>``.

        Args:
            old_name: such as ``"web"``.
            new_name: such as ``"front"``.

        Raises:
            NotFound: there is no such profile.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_profile("web", "front")
        """
        check_names(new_name)
        self._post(path("profiles", old_name), {"name": new_name})

    def update_profile(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a profile: ``PUT /1.0/profiles/<name>``.

        What is not given becomes empty; to change some only, use `patch_profile` or
        `edit_profile`.

        Args:
            name: such as ``"web"``.
            config: all keys; values of any type.
            description: for people.
            devices: all of them.
            etag: of the profile that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such profile.
            PreconditionFailed: it has changed since.

        Example:
            >>> web = client.profile("web")
            >>> client.update_profile("web", config=web.config, devices=web.devices).status
            'Success'
        """
        body = _fields(config or {}, description or "", devices or {})
        return self._handle_async(self._put(path("profiles", name), body, etag=etag), sync)


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    devices: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(config=strings(config), description=description, devices=devices_of(devices))
