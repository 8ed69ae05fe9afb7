"""Firmware of virtual machines: the variables that UEFI keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._payload import Payload
from .._request import given, name_of, time_of
from .._shape import fields_of, listed, shaped
from ..errors import ArgumentError
from ..types import NvramVariable, UefiVariables
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ..types import UefiVariable

# The bits that stand for the attributes of a variable (UEFI specification, 8.2).
_ATTRIBUTES = {
    "NON_VOLATILE": 0x01,
    "BOOTSERVICE_ACCESS": 0x02,
    "RUNTIME_ACCESS": 0x04,
    "HARDWARE_ERROR_RECORD": 0x08,
    "AUTHENTICATED_WRITE_ACCESS": 0x10,
    "TIME_BASED_AUTHENTICATED_WRITE_ACCESS": 0x20,
    "APPEND_WRITE": 0x40,
    "ENHANCED_AUTHENTICATED_ACCESS": 0x80,
}
_USUAL_ATTRIBUTES = ("NON_VOLATILE", "BOOTSERVICE_ACCESS", "RUNTIME_ACCESS")


class InstanceFirmwareMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as the firmware of virtual machines goes."""

    def delete_instance_nvram_variable(self, instance: str, guid: str, variable: str) -> None:
        """Delete a variable: ``DELETE /1.0/instances/<name>/nvram/<guid>/<variable>``.

        API extension ``instance_nvram`` (Incus).

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be stopped.
            guid: of the variable's vendor, such as
                ``"8be4df61-93ca-11d2-aa0d-00e098032b8c"``.
            variable: its name, such as ``"BootOrder"``.

        Raises:
            BadRequest: it is running, or no virtual machine.
            NotFound: there is no such variable.

        Example:
            >>> guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
            >>> client.delete_instance_nvram_variable("web", guid, "BootNext")
        """
        self._delete(self._nvram(instance, guid, variable))

    def edit_instance_uefi_vars(self, instance: str) -> AbstractContextManager[UefiVariables]:
        """Change variables in a block: ``GET``, then ``PUT /1.0/instances/<name>/uefi-vars``.

        API extension ``instances_uefi_vars`` (LXD). They are written back when the block
        ends, with their ETag: what somebody else has changed meanwhile is not lost.
        Nothing is written if the block raises, or changes nothing.

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be stopped.

        Returns:
            A context manager that gives the variables.

        Raises:
            BadRequest: it is running, or no virtual machine.
            NotFound: there is no such instance.
            PreconditionFailed: somebody else was faster; read them anew.

        Example:
            >>> with client.edit_instance_uefi_vars("web") as firmware:
            ...     del firmware.variables["BootNext-8be4df61-93ca-11d2-aa0d-00e098032b8c"]
        """

        def write(found: UefiVariables, etag: str | None) -> None:
            self._put(self._uefi_vars(instance), found, etag=etag)

        return editing(self, lambda: self.instance_uefi_vars(instance), write, None)

    @overload
    def instance_nvram(
        self, instance: str, guid: None = None, *, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def instance_nvram(
        self, instance: str, guid: None = None, *, recursion: Literal[1]
    ) -> dict[str, list[str]]: ...

    @overload
    def instance_nvram(
        self, instance: str, guid: None = None, *, recursion: Literal[2]
    ) -> dict[str, dict[str, NvramVariable]]: ...

    @overload
    def instance_nvram(
        self, instance: str, guid: str, *, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def instance_nvram(
        self, instance: str, guid: str, *, recursion: Literal[1]
    ) -> dict[str, NvramVariable]: ...

    def instance_nvram(
        self, instance: str, guid: str | None = None, *, recursion: Literal[0, 1, 2] = 0
    ) -> (
        list[str]
        | dict[str, list[str]]
        | dict[str, NvramVariable]
        | dict[str, dict[str, NvramVariable]]
    ):
        """List what a virtual machine's firmware keeps: ``GET /1.0/instances/<name>/nvram``.

        Or of one vendor: ``GET /1.0/instances/<name>/nvram/<guid>``. API extension
        ``instance_nvram`` (Incus); LXD has `instance_uefi_vars`.

        Args:
            instance: the virtual machine's name, such as ``"web"``.
            guid: of a vendor, such as ``"8be4df61-93ca-11d2-aa0d-00e098032b8c"``; of all
                if not given.
            recursion: without ``guid``: 0 for the GUIDs, 1 for the names of the variables
                of each, 2 for the variables themselves. With it: 0 for names, 1 for the
                variables.

        Returns:
            A list; or a dict, by GUID without ``guid``, else by name.

        Raises:
            BadRequest: it is no virtual machine.
            NotFound: there is no such instance, or no variable of that vendor.

        Example:
            >>> client.instance_nvram("web")
            ['8be4df61-93ca-11d2-aa0d-00e098032b8c', 'd9bee56e-75dc-49d9-b4d7-b534210f637a']
        """
        url = self._nvram(instance) if guid is None else self._nvram(instance, guid)
        if not recursion:
            return self._names(url)
        found = fields_of(self._get(url, recursion=recursion))
        if guid is not None:
            return _variables(found)
        if recursion == 1:
            return {one: [name_of(url) for url in listed(urls)] for one, urls in found.items()}
        return {one: _variables(variables) for one, variables in found.items()}

    def instance_nvram_variable(self, instance: str, guid: str, variable: str) -> NvramVariable:
        """Read a variable: ``GET /1.0/instances/<name>/nvram/<guid>/<variable>``.

        API extension ``instance_nvram`` (Incus).

        Args:
            instance: the virtual machine's name, such as ``"web"``.
            guid: of the variable's vendor, such as
                ``"8be4df61-93ca-11d2-aa0d-00e098032b8c"``.
            variable: its name, such as ``"BootOrder"``.

        Raises:
            BadRequest: it is no virtual machine.
            NotFound: there is no such variable.

        Example:
            >>> guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
            >>> client.instance_nvram_variable("web", guid, "Timeout").attributes
            ['NON_VOLATILE', 'BOOTSERVICE_ACCESS', 'RUNTIME_ACCESS']
        """
        return self._object(self._nvram(instance, guid, variable), NvramVariable)

    def instance_uefi_vars(self, instance: str) -> UefiVariables:
        """Read what a virtual machine's firmware keeps: ``GET /1.0/instances/<name>/uefi-vars``.

        API extension ``instances_uefi_vars`` (LXD); Incus has `instance_nvram`.

        Args:
            instance: the virtual machine's name, such as ``"web"``.

        Raises:
            BadRequest: it is no virtual machine.
            NotFound: there is no such instance.

        Example:
            >>> sorted(client.instance_uefi_vars("web").variables)[0]
            'Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c'
        """
        return self._object(self._uefi_vars(instance), UefiVariables)

    def patch_instance_nvram(
        self, instance: str, *, variables: Mapping[str, Mapping[str, Mapping[str, Any] | None]]
    ) -> None:
        """Change several variables at once: ``PATCH /1.0/instances/<name>/nvram``.

        API extension ``instance_nvram_bulk_update`` (Incus).

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be stopped.
            variables: by GUID and name: a dict of ``attributes``, ``data`` and
                ``timestamp`` to create or to replace one, None to delete it. Others stay.

        Raises:
            BadRequest: it is running, or no virtual machine.
            NotFound: there is no such instance.

        Example:
            >>> guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
            >>> client.patch_instance_nvram("web", variables={guid: {"BootNext": None}})
        """
        url = self._nvram(instance)
        self._need("instance_nvram_bulk_update", "patch_instance_nvram")
        self._patch(
            url,
            {
                guid: {name: None if one is None else dict(one) for name, one in named.items()}
                for guid, named in variables.items()
            },
        )

    def update_instance_nvram_variable(
        self,
        instance: str,
        guid: str,
        variable: str,
        *,
        attributes: Sequence[str] | None = None,
        binary: bytes | None = None,
        data: Any = None,
        etag: str | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        r"""Write a variable: ``PUT /1.0/instances/<name>/nvram/<guid>/<variable>``.

        API extension ``instance_nvram`` (Incus). It is created if there is none.

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be stopped.
            guid: of the variable's vendor, such as
                ``"8be4df61-93ca-11d2-aa0d-00e098032b8c"``.
            variable: its name, such as ``"BootOrder"``.
            attributes: such as ``["NON_VOLATILE", "RUNTIME_ACCESS"]``, the first of which
                it must have; this and access at boot and run time if not given.
            binary: the content as it is kept.
            data: the content in the form in which Incus shows it, as the ``data`` of
                `instance_nvram_variable`, in the place of ``binary``.
            etag: of the variable that was read; another one is refused.
            timestamp: of a variable with ``TIME_BASED_AUTHENTICATED_WRITE_ACCESS``.

        Raises:
            ArgumentError: neither ``binary`` nor ``data`` is given, or both; there is no
                such attribute; ``timestamp`` is no moment with a time zone.
            BadRequest: it is running, or no virtual machine.
            NotFound: there is no such instance.
            PreconditionFailed: it has changed since.

        Example:
            >>> guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
            >>> client.update_instance_nvram_variable("web", guid, "Timeout", binary=b"\x05\x00")
        """
        if (binary is None) == (data is None):
            message = "Give the content of the variable as binary or as data: one of them."
            raise ArgumentError(message)
        names = list(_USUAL_ATTRIBUTES if attributes is None else attributes)
        strangers = [name for name in names if name not in _ATTRIBUTES]
        if strangers:
            message = (
                f"{strangers[0]!r} is no attribute of a variable: use some of "
                f"{', '.join(_ATTRIBUTES)}."
            )
            raise ArgumentError(message)
        moment = time_of(timestamp)
        url = self._nvram(instance, guid, variable)
        if binary is None:
            self._put(url, given(attributes=names, data=data, timestamp=moment), etag=etag)
            return
        headers = {self._header("attributes"): str(sum(_ATTRIBUTES[name] for name in set(names)))}
        if timestamp is not None:
            headers[self._header("timestamp")] = str(int(timestamp.timestamp()))
        self._change("PUT", url, Payload(binary), {}, etag, headers)

    def update_instance_uefi_vars(
        self,
        instance: str,
        *,
        variables: Mapping[str, UefiVariable | Mapping[str, Any]],
        etag: str | None = None,
    ) -> None:
        """Replace what the firmware keeps: ``PUT /1.0/instances/<name>/uefi-vars``.

        API extension ``instances_uefi_vars`` (LXD).

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be stopped.
            variables: all of them: ``attr`` (a number), ``data``, ``digest`` and
                ``timestamp`` (hexadecimal) by ``"<name>-<GUID>"``.
            etag: of the variables that were read; others are refused.

        Raises:
            BadRequest: it is running, or no virtual machine.
            NotFound: there is no such instance.
            PreconditionFailed: they have changed since.

        Example:
            >>> kept = client.instance_uefi_vars("web").variables
            >>> client.update_instance_uefi_vars("web", variables=kept)
        """
        body = {"variables": {name: dict(variable) for name, variable in variables.items()}}
        self._put(self._uefi_vars(instance), body, etag=etag)

    def _nvram(self, instance: str, *rest: str) -> str:
        """Build the path of what the firmware keeps on Incus, or of some of it."""
        url = self._path(instance, "nvram", *rest)
        self._need("instance_nvram", "NVRAM variables")
        return url

    def _uefi_vars(self, instance: str) -> str:
        """Build the path of what the firmware keeps on LXD."""
        url = self._path(instance, "uefi-vars")
        self._need("instances_uefi_vars", "UEFI variables")
        return url


def _variables(found: Any) -> dict[str, NvramVariable]:
    return {name: shaped(variable, NvramVariable) for name, variable in fields_of(found).items()}
