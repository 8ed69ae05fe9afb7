"""Instances: containers and virtual machines, from creation to deletion."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import Edit, carry_over, etag_of, merged, patched, refuse_fixed
from .._hint import did_you_mean
from .._nested import texts
from .._progress import check_progress
from .._request import check_names, devices_of, given, path, strings
from .._resource import Resource
from .._source import image_source, naming_image
from ..errors import ArgumentError, BadRequest, PreconditionFailed
from ..types import Instance, Operation
from .instance_state import InstanceStateMixin

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from contextlib import AbstractContextManager

    from .._progress import OnProgress
    from .._source import ImageProtocol

InstanceType = Literal["container", "virtual-machine"]
# What can be changed of an instance; a PUT also restores a snapshot.
_FIELDS = ("architecture", "config", "description", "devices", "ephemeral", "profiles")
_FIELDS_OF_PUT = ("disk_only", "restore", "restore_disk_volumes_mode", "stateful")
# How often an edit meets the server's own notes before it gives up.
_TRIES = 5


class InstancesMixin(InstanceStateMixin):
    """Chapter "instances" of the API."""

    def create_instance(
        self,
        name: str,
        *,
        alias: str | None = None,
        architecture: str | None = None,
        certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        empty: bool = False,
        ephemeral: bool | None = None,
        fingerprint: str | None = None,
        instance_type: str | None = None,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        properties: Mapping[str, str] | None = None,
        protocol: ImageProtocol | None = None,
        secret: str | None = None,
        server: str | None = None,
        start: bool | None = None,
        target: str | None = None,
        type: InstanceType = "container",
        sync: bool | None = None,
    ) -> Operation:
        """Create a container or a virtual machine: ``POST /1.0/instances``.

        The image is named by ``alias``, ``fingerprint`` or ``properties``; it is
        this server's own, or another's (``server``).

        Args:
            name: such as ``"web"``: letters, digits and hyphens.
            alias: of the image, such as ``"debian/12"``.
            architecture: such as ``"x86_64"``; the server's own if not given.
            certificate: PEM of the image server, if no authority signed it.
            config: such as ``{"limits.cpu": 2}``; values of any type.
            description: for people.
            devices: such as ``{"root": {"type": "disk", "pool": "default", "path": "/"}}``.
            empty: True creates it without any image.
            ephemeral: True deletes it when it stops.
            fingerprint: of the image: SHA-256 in lower-case hex.
            instance_type: a cloud's size, such as ``"t2.micro"``.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: to apply; ``["default"]`` if not given, none if empty.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: of the image, such as ``{"os": "debian"}``.
            protocol: of the image server: ``"simplestreams"``, ``"lxd"``,
                ``"incus"`` or ``"oci"``.
            secret: of a private image on the image server.
            server: URL of an image server, such as ``"https://images.example.net"``.
            start: True starts it as well. Servers without the API extension
                ``instance_create_start`` get a second request for it, in a batch
                too; with ``sync=False`` alone that is not possible.
            target: the cluster member to place it on.
            type: ``"container"`` or ``"virtual-machine"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ImageIdentifierRequired: no image is named, and ``empty`` is not true.
            InvalidImageAttributes: arguments that exclude each other.
            InvalidProtocol: no server speaks this protocol.
            OperationFailed: the server could not create it.

        Example:
            >>> client.create_instance("web", alias="busybox").status
            'Success'
        """
        check_progress(progress)
        source = image_source(
            alias=alias,
            certificate=certificate,
            empty=empty,
            fingerprint=fingerprint,
            properties=properties,
            protocol=protocol,
            secret=secret,
            server=server,
        )
        check_names(name)  # a name that cannot be addressed is not created either
        body = given(
            name=name,
            architecture=architecture,
            config=strings(config),
            description=description,
            devices=devices_of(devices),
            ephemeral=ephemeral,
            instance_type=instance_type,
            profiles=texts("profiles", profiles),
            source=source,
        )
        _check_type(type)
        if body.get("description"):
            self._need("entity_description", "description")
        if self._capabilities().instances == "instances":
            body["type"] = type
        elif type != "container":
            self._need("virtual-machines", "a virtual machine")
        in_one_call = bool(start) and self.has_extension("instance_create_start")
        if in_one_call:
            body["start"] = True
        elif start and not (self._waits(sync) or self._takes_steps):
            self._need("instance_create_start", "start=True without waiting")
        with naming_image(source):
            operation = self._handle_async(
                self._post(path(self._capabilities().instances), body, target=target),
                sync,
                on_progress,
                progress=progress,
            )
        if not start or in_one_call:
            return operation
        return self._after(operation, lambda: self._change_state(name, "start", sync=sync), sync)

    def delete_instance(
        self, name: str, *, force: bool | None = None, sync: bool | None = None
    ) -> Operation:
        """Delete an instance and its snapshots: ``DELETE /1.0/instances/<name>``.

        Args:
            name: such as ``"web"``; it must be stopped, unless ``force``.
            force: True stops it first, whatever it does. Where the server does not do that
                itself (API extension ``instance_force_delete``, LXD 6.7), it is waited for,
                also with ``sync=False``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            BadRequest: it is running.

        Example:
            >>> client.delete_instance("web").status
            'Success'
        """
        where = self._path(name)
        if force and not self.has_extension("instance_force_delete"):
            force = None
            gone = self._stop_to_delete(name)
            if gone is not None:
                return gone
        return self._handle_async(self._delete(where, force="1" if force else None), sync)

    def edit_instance(self, name: str) -> AbstractContextManager[Instance]:
        """Change an instance in a ``with`` block: ``GET``, then ``PUT /1.0/instances/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. What the server itself notes down in
        ``volatile.`` keys while the block goes on (the instance is started, say) is no
        conflict, and stays. Nothing is written if the block raises, or changes nothing.

        Args:
            name: such as ``"web"``.

        Returns:
            A context manager that gives the instance.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such instance.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_instance("web") as web:
            ...     web.config["limits.cpu"] = "4"
        """
        return Edit(self._editing(name))

    def instance(
        self,
        name: str,
        *,
        fields: Sequence[str] | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> Instance:
        """Read an instance: ``GET /1.0/instances/<name>``.

        After it, ``last_response.headers["ETag"]`` is what `update_instance` and
        `patch_instance` take.

        Args:
            name: such as ``"web"``.
            fields: with ``recursion=1``, which parts of the state are wanted that are costly
                to find out: ``"state.disk"`` or ``"state.network"``; both if not given.
                API extension ``instances_state_selective_recursion`` (LXD).
            recursion: 1 adds its state, snapshots and backups; API extension
                ``instance_get_full``.

        Raises:
            ArgumentError: ``fields`` is empty, or goes without ``recursion=1``.
            NotFound: there is no such instance.

        Example:
            >>> client.instance("web").status
            'Running'
        """
        check_names(name)
        chosen = self._fields(fields, wanted=1, recursion=recursion)
        where = self._path(name)
        if recursion:
            self._need("instance_get_full", "recursion=1")
        return self._object(where, Instance, recursion=recursion or None, fields=chosen)

    @overload
    def instances(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
        type: InstanceType | None = None,
    ) -> list[str]: ...

    @overload
    def instances(
        self,
        *,
        all_projects: bool | None = None,
        fields: Sequence[str] | None = None,
        filter: str | None = None,
        recursion: Literal[1, 2],
        type: InstanceType | None = None,
    ) -> list[Instance]: ...

    def instances(
        self,
        *,
        all_projects: bool | None = None,
        fields: Sequence[str] | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1, 2] = 0,
        type: InstanceType | None = None,
    ) -> list[str] | list[Instance]:
        """List the instances: ``GET /1.0/instances``.

        Args:
            all_projects: True lists those of every project.
            fields: with ``recursion=2``, which parts of the state are wanted that are costly
                to find out: ``"state.disk"`` or ``"state.network"``; both if not given.
                API extension ``instances_state_selective_recursion`` (LXD).
            filter: such as ``"status eq running"``; see "Filtering" in the manual.
            recursion: 0 for names, 1 for instances, 2 for instances with their
                state, snapshots and backups.
            type: only ``"container"`` or ``"virtual-machine"``.

        Raises:
            ArgumentError: there is no such ``type``; ``fields`` is empty, or goes without
                ``recursion=2``.

        Example:
            >>> client.instances()
            ['db', 'web']
        """
        if type is not None:
            _check_type(type)
        chosen = self._fields(fields, wanted=2, recursion=recursion)
        server = self._capabilities()
        query = server.instances_of(type, filter)
        query["fields"] = chosen
        return self._list(
            path(server.instances),
            Instance,
            recursion,
            all_projects=all_projects,
            extension="instance_all_projects",
            filtering="api_filtering",
            **query,
        )

    def patch_instance(
        self,
        name: str,
        changes: Mapping[str, Any] | None = None,
        *,
        architecture: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        ephemeral: bool | None = None,
        etag: str | None = None,
        profiles: Sequence[str] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of an instance: ``PATCH /1.0/instances/<name>``.

        What is not named stays: servers would clear the description, so the instance is
        read first, and it is sent along.

        Args:
            name: such as ``"web"``.
            changes: the fields as one mapping, such as ``{"config": {"limits.cpu": 2}}``, in
                the place of the arguments of their names.
            architecture: such as ``"x86_64"``.
            config: the keys to add or to change; the others stay, None unsets one.
            description: for people.
            devices: those to add or to change; the others stay.
            ephemeral: True deletes it when it stops.
            etag: of the instance that was read; another one is refused.
            profiles: all that are to apply.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: a field that no instance has, or one that is given twice.
            NotFound: there is no such instance.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_instance("web", config={"limits.cpu": 2}).status
            'Success'
        """
        named = given(
            architecture=architecture,
            config=config,
            description=description,
            devices=devices,
            ephemeral=ephemeral,
            profiles=texts("profiles", profiles),
        )
        body = _writable(changes or {}, _FIELDS)
        if twice := sorted(body.keys() & named.keys()):
            message = f"{twice[0]} is given twice: by itself, and in changes."
            raise ArgumentError(message)
        body |= _writable(named, _FIELDS)
        operation = patched(self, self._path(name), body, "description", etag=etag)
        return self._handle_async(operation, sync)

    def rebuild_instance(
        self,
        name: str,
        *,
        alias: str | None = None,
        certificate: str | None = None,
        empty: bool = False,
        fingerprint: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        properties: Mapping[str, str] | None = None,
        protocol: ImageProtocol | None = None,
        secret: str | None = None,
        server: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Begin an instance anew from an image: ``POST /1.0/instances/<name>/rebuild``.

        API extension ``instances_rebuild``. Its configuration and devices stay, its
        files are replaced.

        Args:
            name: such as ``"web"``; it must be stopped, and have no snapshots.
            alias: of the image, such as ``"debian/12"``.
            certificate: PEM of the image server, if no authority signed it.
            empty: True leaves it without any files.
            fingerprint: of the image: SHA-256 in lower-case hex.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: of the image, such as ``{"os": "debian"}``.
            protocol: of the image server: ``"simplestreams"``, ``"lxd"``,
                ``"incus"`` or ``"oci"``.
            secret: of a private image on the image server.
            server: URL of an image server, such as ``"https://images.example.net"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            BadRequest: it is running.
            ImageIdentifierRequired: no image is named, and ``empty`` is not true.
            InvalidImageAttributes: arguments that exclude each other.
            NotFound: there is no such instance.
            OperationFailed: it has snapshots, or there is no such image.

        Example:
            >>> client.rebuild_instance("web", alias="busybox").status
            'Success'
        """
        check_progress(progress)
        source = image_source(
            alias=alias,
            certificate=certificate,
            empty=empty,
            fingerprint=fingerprint,
            properties=properties,
            protocol=protocol,
            secret=secret,
            server=server,
        )
        where = self._path(name, "rebuild")
        self._need("instances_rebuild", "rebuild_instance")
        with naming_image(source):
            return self._handle_async(
                self._post(where, {"source": source}), sync, on_progress, progress=progress
            )

    def rename_instance(
        self, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename an instance: ``POST /1.0/instances/<name>``.

        Args:
            old_name: such as ``"web"``; it must be stopped.
            new_name: such as ``"www"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            BadRequest: it is running.

        Example:
            >>> client.rename_instance("web", "www").status
            'Success'
        """
        check_names(new_name)
        return self._handle_async(self._post(self._path(old_name), {"name": new_name}), sync)

    def update_instance(
        self,
        name: str,
        instance: Mapping[str, Any],
        *,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace an instance's fields: ``PUT /1.0/instances/<name>``.

        Args:
            name: such as ``"web"``.
            instance: the whole of it, as `instance` gives it, changed; fields that
                cannot be written are passed over. To change some only, use
                `patch_instance`.
            etag: of the instance that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: a field that no instance has.
            NotFound: there is no such instance.
            PreconditionFailed: it has changed since.

        Example:
            >>> web = client.instance("web")
            >>> client.update_instance("web", {**web, "description": "Front end"}).status
            'Success'
        """
        return self._handle_async(self._replace(name, instance, etag), sync)

    def _replace(self, name: str, instance: Mapping[str, Any], etag: str | None) -> Operation:
        body = _writable(instance, (*_FIELDS, *_FIELDS_OF_PUT))
        if body.get("description"):
            self._need("entity_description", "description")
        return self._put(self._path(name), body, etag=etag)

    def _stop_to_delete(self, name: str) -> Operation | None:
        """Stop an instance by force, if it runs.

        Returns:
            The operation, if the instance is ephemeral: it has gone with that.
        """
        found = self.instance(name)
        if found.status == "Stopped":
            return None
        try:
            operation = self._change_state(name, "stop", force=True, sync=True)
        except BadRequest:
            # It may have stopped by itself at the same moment.
            if self.instance(name).status != "Stopped":
                raise
            return None
        return operation if found.ephemeral else None

    @contextmanager
    def _editing(self, name: str) -> Generator[Instance]:
        mine = self.instance(name)
        before = copy.deepcopy(mine)
        yield mine
        if mine == before:
            return
        refuse_fixed(mine, before, (*_FIELDS, *_FIELDS_OF_PUT))
        url = self._path(name)
        for _ in range(_TRIES):
            with self._alone(url, {}):
                theirs, etag = self.instance(name), etag_of(self)
                if _lasting(theirs) != _lasting(before):
                    message = f"{name} has changed since it was read."
                    raise PreconditionFailed(message, status_code=412, method="PUT", url=url)
                carry_over(["description"], before, mine, theirs, url)
                mine["config"] = merged(before["config"], mine["config"], theirs["config"])
                before = theirs
                try:
                    operation = self._replace(name, mine, etag)
                except PreconditionFailed:
                    continue  # at this moment the server has noted something down
            self._handle_async(operation, sync=True)
            return
        message = f"{name} keeps changing: it was not written"
        raise PreconditionFailed(message, status_code=412, method="PUT", url=url)

    def _fields(self, fields: Sequence[str] | None, *, wanted: int, recursion: int) -> str | None:
        """Write the parts of the state that are to be found out."""
        names = texts("fields", fields)
        if names is None:
            return None
        if recursion != wanted or not names:
            message = f"fields name parts of the state: one or more, with recursion={wanted}."
            raise ArgumentError(message)
        self._need("instances_state_selective_recursion", "fields")
        return ",".join(names)


def _check_type(type: str) -> None:
    """Refuse a type that no instance has: a list of those would be empty."""
    if type not in {"container", "virtual-machine"}:
        message = f'type must be "container" or "virtual-machine", not {type!r}.'
        raise ArgumentError(message)


def _lasting(instance: Mapping[str, Any]) -> list[Any]:
    """Take what can be written of an instance, without the server's own notes."""
    config: Mapping[str, str] = instance["config"]
    kept = {key: value for key, value in config.items() if not key.startswith("volatile.")}
    fields = ("architecture", "devices", "ephemeral", "profiles")
    return [kept, *[instance.get(field) for field in fields]]


def _writable(fields: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """Write the values as the server does; the caller's own object stays as it is.

    Args:
        fields: names and values; None means "not given".
        known: the names that the server does not pass over.

    Raises:
        ArgumentError: the server would pass over one without a word.
    """
    if not isinstance(fields, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        example = "{'config': {'limits.cpu': 2}}"
        kind = type(fields).__name__
        message = f"Fields of an instance are a mapping such as {example}, not {kind}."
        raise ArgumentError(message)
    body = given(**fields)
    # What has been read has more fields than can be written; and so has a copy of it.
    has_been_read = isinstance(fields, Resource) or "created_at" in fields
    for field in body:
        if "." in field:
            message = (
                f"{field!r} is no field of an instance, but a key of its configuration: "
                "it goes into config."
            )
            raise ArgumentError(message)
        if field not in known and not has_been_read:
            message = f"{field!r} is no field of an instance that can be changed"
            raise ArgumentError(message + (did_you_mean(field, known) or "."))
    for field, write in (("config", strings), ("devices", devices_of)):
        if field in body:
            body[field] = write(body[field])
    return body
