"""Images as files: uploaded, exported, copied from server to server."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from .._migration import addresses_of, check_way
from .._multipart import Form, form
from .._nested import texts
from .._payload import BYTES, Payload, opened, replacing
from .._progress import Meter, check_progress
from .._request import given, path, strings
from .._shape import entries, fields_of
from ..errors import ArgumentError, Error, InvalidResponse
from ..types import Image, ImageAlias
from .images import ImagesMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .._link import Download
    from .._progress import OnProgress
    from ..types import Operation

_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")
_WHOLE = 64
_FILENAME = re.compile(r'filename="?([^";]*)"?')


class ImageFilesMixin(ImagesMixin):
    """Chapter "images" of the API, as far as their files go."""

    def copy_image(
        self,
        fingerprint: str,
        *,
        to: ImageFilesMixin,
        aliases: Sequence[str] | None = None,
        mode: Literal["pull", "push", "relay"] = "pull",
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        public: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Copy an image to another server; its properties and aliases go along.

        A push needs the API extension ``images_push_relay``.

        Args:
            fingerprint: of the image, whole.
            to: a client of the other server.
            aliases: its names there; those that it has here if not given.
            mode: ``"pull"``: the other server fetches it from this one (``POST
                /1.0/images`` there). ``"push"``: this one sends it (``POST
                /1.0/images/<fingerprint>/export``). ``"relay"``: it goes through
                this program, where the servers cannot reach each other.
            on_progress: called with what is done, what there is in all (or None), and
                words: bytes for a relay, else the server's percentage.
            profiles: there, for instances that are made from it (Incus, LXD 6).
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            public: True lets strangers see it there; as here if not given.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation: of the other server, or of this one for ``"push"``.

        Raises:
            NotFound: there is no such image.
            ArgumentError: a server that the other is to reach has no address.
            OperationFailed: it could not be copied, or is there already.

        Example:
            >>> fingerprint = client.image_by_alias("busybox").fingerprint
            >>> client.copy_image(fingerprint, to=other).status
            'Success'
        """
        check_progress(progress)
        check_way(mode, to)
        aliases, profiles = texts("aliases", aliases), texts("profiles", profiles)
        image = self.image(fingerprint)
        names = _names_of(image) if aliases is None else aliases
        public = image.public if public is None else public
        if mode == "relay":
            return self._relay_image(
                image, to, names, profiles, public, on_progress, progress, sync
            )
        if mode == "push":
            return self._push_image(
                image, to, names, profiles, public, on_progress, progress, sync
            )
        here = self._address()
        source = {
            "type": "image",
            "mode": "pull",
            "protocol": self._capabilities().product.name,
            "fingerprint": image.fingerprint,
            **given(project=self._own_project()),
            **here,
        }
        ticket = None if image.public else self.create_image_secret(image.fingerprint)
        if ticket is not None:
            source["secret"] = fields_of(ticket.metadata)["secret"]
        body: dict[str, Any] = {
            "aliases": [{"name": name} for name in names],
            "auto_update": False,
            "public": public,
            "source": source,
        }
        if profiles is not None:
            body["profiles"] = profiles
        goes_on = False
        try:
            done = to._create_image(body, on_progress, progress, sync)
            goes_on = done.status_code < 200
        finally:
            # A secret that has served, or that nobody will use, is to open nothing more.
            if ticket is not None and not goes_on:
                with suppress(Error):
                    self.cancel_operation(ticket)
        return done

    def create_image_from_file(
        self,
        file: str | os.PathLike[str] | IO[bytes],
        *,
        aliases: Sequence[str] | None = None,
        filename: str | None = None,
        fingerprint: str | None = None,
        image_type: Literal["container", "virtual-machine"] = "container",
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
        rootfs: str | os.PathLike[str] | IO[bytes] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Upload an image: ``POST /1.0/images``.

        It goes in pieces, however large it is.

        Args:
            file: the image, or with ``rootfs`` its metadata: a path, or a file that is
                open for reading bytes.
            aliases: names for the image. LXD gets a further request for each, after
                it has taken the image, so there they go without ``sync=False``.
            filename: of its export; the name of ``file`` if not given.
            fingerprint: its SHA-256 in lower-case hex; the server refuses another one.
            image_type: of a split image: ``"container"`` or ``"virtual-machine"``.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            profiles: for instances that are made from it (Incus, LXD 6).
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: in addition to its own, such as ``{"os": "debian"}``.
            public: True lets strangers see it.
            rootfs: the file system of a split image: a path or an open file.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; the fingerprint is ``metadata.fingerprint`` when it is done.

        Raises:
            ArgumentError: arguments that exclude each other.
            OSError: a file cannot be read; then nothing was sent.
            OperationFailed: it is no image, is there already, or has another
                fingerprint.

        Example:
            >>> client.create_image_from_file("busybox.tar.gz", aliases=["bb"]).status
            'Success'
        """
        if fingerprint is not None and not _FINGERPRINT.fullmatch(fingerprint):
            message = f"{fingerprint!r} is no fingerprint: it is SHA-256 in lower-case hex."
            raise ArgumentError(message)
        aliases, profiles = texts("aliases", aliases), texts("profiles", profiles)
        name = filename or _name_of(file)
        with ExitStack() as stack:
            first = stack.enter_context(opened(file))
            meter = stack.enter_context(Meter(on_progress, progress=progress, text=name))
            if rootfs is None:
                payload = Payload(first, meter=meter)
            else:
                second = stack.enter_context(opened(rootfs))
                field = "rootfs" if image_type == "container" else "rootfs.img"
                content_type, parts = form(
                    {"metadata": (name, first), field: (_name_of(rootfs), second)}
                )
                payload = Payload(*parts, content_type=content_type, meter=meter)
            meter.expect(payload.length)
            return self._send_image(
                payload,
                aliases=aliases,
                filename=name,
                fingerprint=fingerprint,
                profiles=profiles,
                properties=properties,
                public=public,
                sync=sync,
            )

    def export_image(
        self,
        fingerprint: str,
        output_dir: str | os.PathLike[str],
        *,
        filename: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        secret: str | None = None,
    ) -> str:
        """Save an image to files: ``GET /1.0/images/<fingerprint>/export``.

        It comes in pieces, and its SHA-256 is compared with the fingerprint before
        the files get their names. The file system of a split image is written beside
        its metadata, under the same name with ``.root`` at the end.

        Args:
            fingerprint: of the image.
            output_dir: the folder to write to.
            filename: of the file; the one that the server has for it if not given,
                without whatever would lead out of ``output_dir``.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            secret: of a private image, where the server does not trust this client.

        Returns:
            The path of the file (of a split image, of its metadata).

        Raises:
            NotFound: there is no such image, or it is private.
            FileExistsError: there is a file of that name.
            InvalidResponse: what came is not what the fingerprint says.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> fingerprint = client.image_by_alias("busybox").fingerprint
            >>> client.export_image(fingerprint, "images", filename="busybox.tar.gz")
            'images/busybox.tar.gz'
        """
        check_progress(progress)
        folder = Path(output_dir).expanduser()
        if not folder.is_dir():
            raise NotADirectoryError(20, "There is no such folder", str(folder))
        if filename is not None and _safe(filename) != filename:
            message = f"{filename!r} is no name of a file: output_dir says where it is to be."
            raise ArgumentError(message)
        url = path("images", fingerprint, "export")
        with (
            self._stream(url, secret=secret) as download,
            Meter(on_progress, progress=progress) as meter,
            ExitStack() as files,
        ):
            meter.expect(download.length)
            digest = hashlib.sha256()
            name = ""
            for number, (field, offered, blocks) in enumerate(_parts(download)):
                if number == 0:
                    name = meter.text = filename or _safe(offered).lstrip(".") or fingerprint
                elif number > 1 or not field.startswith("rootfs"):
                    message = f"The export of image {fingerprint} has a part {field!r}."
                    raise InvalidResponse(message)
                place = folder / (f"{name}.root" if number else name)
                if os.path.lexists(place):
                    raise FileExistsError(17, "There is a file of that name", str(place))
                file = files.enter_context(replacing(place))
                for block in blocks:
                    file.write(block)
                    digest.update(block)
                    meter.advance(len(block))
            if not digest.hexdigest().startswith(fingerprint):
                message = (
                    f"The export of image {fingerprint} has the SHA-256 {digest.hexdigest()}: "
                    "it was not kept."
                )
                raise InvalidResponse(message)
        return str(folder / name)

    def _send_image(
        self,
        payload: Payload,
        *,
        aliases: Sequence[str] | None,
        filename: str,
        fingerprint: str | None,
        profiles: Sequence[str] | None,
        properties: Mapping[str, Any] | None,
        public: bool | None,
        sync: bool | None,
    ) -> Operation:
        """Upload, and name the image in the server's own way."""
        headers = {self._header("filename"): _safe(filename)}
        if fingerprint is not None and len(fingerprint) == _WHOLE:
            headers[self._header("fingerprint")] = fingerprint
        if public is not None:
            headers[self._header("public")] = "true" if public else "false"
        if properties:
            headers[self._header("properties")] = urlencode(strings(properties) or {})
        if profiles is not None:
            self._need("image_copy_profile", "profiles")
            headers[self._header("profiles")] = urlencode([("profile", one) for one in profiles])
        later: Sequence[str] = ()
        if aliases and self.has_extension("image_import_alias"):
            headers[self._header("aliases")] = urlencode([("alias", one) for one in aliases])
        elif aliases:
            later = aliases
            if not self._waits(sync):
                message = "Here an image is named after it has come: no aliases with sync=False."
                raise ArgumentError(message)
        operation = self._handle_async(
            self._upload(path("images"), payload, headers=headers), sync
        )
        for alias in later:
            target = fields_of(operation.get("metadata"))["fingerprint"]
            self._post(path("images", "aliases"), {"name": alias, "target": target})
        return operation

    def _relay_image(
        self,
        image: Image,
        to: ImageFilesMixin,
        aliases: Sequence[str],
        profiles: Sequence[str] | None,
        public: bool,
        on_progress: OnProgress | None,
        progress: bool,
        sync: bool | None,
    ) -> Operation:
        """Send what comes: the form of a split image goes as it is."""
        url = path("images", image.fingerprint, "export")
        meter = Meter(on_progress, progress=progress, text=image.filename)
        with self._stream(url) as download, meter:
            meter.expect(download.length or image.size)
            kind = download.headers.get("Content-Type", BYTES)
            source: Any = _Measured(download)
            return to._send_image(
                Payload(source, content_type=kind, meter=meter),
                aliases=aliases,
                filename=image.filename or image.fingerprint,
                fingerprint=image.fingerprint,
                profiles=profiles,
                properties=image.properties,
                public=public,
                sync=sync,
            )

    def _push_image(
        self,
        image: Image,
        to: ImageFilesMixin,
        aliases: Sequence[str],
        profiles: Sequence[str] | None,
        public: bool,
        on_progress: OnProgress | None,
        progress: bool,
        sync: bool | None,
    ) -> Operation:
        self._need("images_push_relay", 'mode="push"')
        if profiles is not None:
            self._need("image_copy_profile", "profiles")
        there = to._address()
        # The target notes the aliases here; it leaves them out where the push names them.
        body = {
            "aliases": [{"name": name} for name in aliases],
            "public": public,
            "source": {"type": "image", "mode": "push", "fingerprint": image.fingerprint},
            "properties": dict(image.get("properties") or {}),
        }
        if aliases:
            to._need("image_create_aliases", "aliases")
        door = to._post(path("images"), body)
        push = given(
            target=there["server"],
            certificate=there["certificate"],
            profiles=profiles,
            project=to._own_project(),
            secret=fields_of(door.get("metadata")).get("secret"),
        )
        try:
            operation = self._handle_async(
                self._post(path("images", image.fingerprint, "export"), push),
                sync,
                on_progress,
                progress=progress,
            )
        except Error:
            with suppress(Error):
                to.cancel_operation(door)
            raise
        return operation

    def _address(self) -> dict[str, str]:
        """Say where other servers reach this one, and what it shows them."""
        addresses, certificate = addresses_of(self)
        return {"server": f"https://{addresses[0]}", "certificate": certificate}


class _Measured:
    """A download as a source of an upload: it can be read once, and not rewound."""

    def __init__(self, download: Download) -> None:
        self.read = download.read

    def seekable(self) -> bool:
        return False


def _names_of(image: Image) -> list[str]:
    return [alias.name for alias in entries(image.get("aliases"), ImageAlias)]


def _parts(download: Download) -> Iterator[tuple[str, str, Iterable[bytes]]]:
    """Read an export: field, file name and content of its one or two files."""
    kind = download.headers.get("Content-Type", "")
    if not kind.startswith("multipart/"):
        match = _FILENAME.search(download.headers.get("Content-Disposition", ""))
        yield "metadata", match[1] if match else "", download.blocks()
        return
    yield from Form(kind, download).parts()


def _name_of(file: str | os.PathLike[str] | IO[bytes]) -> str:
    if isinstance(file, (str, os.PathLike)):
        return Path(file).name
    name: object = getattr(file, "name", "")
    return (Path(name).name if isinstance(name, str) else "") or "image"


def _safe(name: str) -> str:
    """Take the last part of a name, and of that what can be printed."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join([letter for letter in last if letter.isprintable()])
    return "" if kept in {".", ".."} else kept
