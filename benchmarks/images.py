"""A large image, uploaded and exported, with its SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING

import hyperkit

from .files import download, transfer, upload
from .peers import CHUNK, UnixHTTPConnection, pylxd_client
from .rows import FLOOR, OURS, PYLXD, Row
from .setting import scratch

if TYPE_CHECKING:
    from pathlib import Path

    from .setting import Setting

METADATA = b"architecture: x86_64\ncreation_date: 1700000000\nproperties: {os: benchmark}\n"


def make_image(file: Path, size: int) -> str:
    """Write an image of random bytes; give its fingerprint.

    Args:
        file: to write.
        size: MiB.
    """
    with tarfile.open(file, "w") as archive:
        described = tarfile.TarInfo("metadata.yaml")
        described.size = len(METADATA)
        archive.addfile(described, io.BytesIO(METADATA))
        large = tarfile.TarInfo("rootfs/large")
        large.size = size << 20
        archive.addfile(large, _Random())  # type: ignore[arg-type]
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class _Random:
    """A file of random bytes, as long as anybody wants."""

    def read(self, count: int) -> bytes:
        return os.urandom(count)


def raw_import(socket: str, file: Path) -> None:
    """Send the image over a socket with nothing in between, and wait for the operation."""
    answer = upload(socket, "/1.0/images", file, "X-LXD-filename: large.tar")
    operation = json.loads(answer.partition(b"\r\n\r\n")[2])["operation"]
    with closing(UnixHTTPConnection(socket)) as connection:
        ended = connection.ask("GET", f"{operation}/wait")
    if ended["status_code"] != 200:
        raise OSError(ended["err"])


def raw_export(socket: str, folder: Path, fingerprint: str) -> None:
    """Fetch the image over a socket, and compare its SHA-256."""
    digest = hashlib.sha256()
    with (folder / "image").open("wb") as target:

        def write(block: bytes) -> None:
            target.write(block)
            digest.update(block)

        download(socket, f"/1.0/images/{fingerprint}/export", write)
    if digest.hexdigest() != fingerprint:
        message = "another image came"
        raise OSError(message)


def hyperkit_import(socket: str, file: Path, fingerprint: str) -> None:
    """Send the image by hyperkit; the server compares the fingerprint."""
    with hyperkit.Client(api_endpoint=socket) as client:
        client.create_image_from_file(file, fingerprint=fingerprint)


def hyperkit_export(socket: str, folder: Path, fingerprint: str) -> None:
    """Fetch the image by hyperkit, which compares the fingerprint."""
    with hyperkit.Client(api_endpoint=socket) as client:
        client.export_image(fingerprint, folder, filename="image")


def pylxd_import(socket: str, file: Path) -> None:
    """Send the image by pylxd."""
    with file.open("rb") as opened:
        pylxd_client(socket).images.create(opened)


def pylxd_export(socket: str, folder: Path, fingerprint: str) -> None:
    """Fetch the image by pylxd, which compares nothing."""
    image = pylxd_client(socket).images.get(fingerprint)
    with image.export() as found, (folder / "image").open("wb") as target:
        shutil.copyfileobj(found, target, CHUNK)


def importing(setting: Setting) -> Row:
    """Upload an image."""
    size = setting.pick(512, 8)
    with scratch() as folder, setting.client() as client:
        file = folder / "image.tar"
        fingerprint = make_image(file, size)

        def forget() -> None:
            with suppress(hyperkit.NotFound):
                client.delete_image(fingerprint)

        return transfer(
            setting,
            f"image import, {size} MiB",
            {
                FLOOR: partial(raw_import, setting.socket, file),
                OURS: partial(hyperkit_import, setting.socket, file, fingerprint),
                PYLXD: partial(pylxd_import, setting.socket, file),
            },
            ["image", "import", "--quiet", str(file)],
            size,
            prepare=forget,
            clean=forget,
        )


def exporting(setting: Setting) -> Row:
    """Export an image."""
    size = setting.pick(512, 8)
    with scratch() as folder, setting.client() as client:
        source, target = folder / "image.tar", folder / "exported"
        target.mkdir()
        fingerprint = make_image(source, size)
        client.create_image_from_file(source)

        def clear() -> None:
            for file in target.iterdir():
                file.unlink()

        try:
            where = setting.socket, target, fingerprint
            return transfer(
                setting,
                f"image export, {size} MiB, SHA-256 compared",
                {
                    FLOOR: partial(raw_export, *where),
                    OURS: partial(hyperkit_export, *where),
                    PYLXD: partial(pylxd_export, *where),
                },
                ["image", "export", "--quiet", fingerprint, str(target / "image")],
                size,
                prepare=clear,
            )
        finally:
            client.delete_image(fingerprint)


ROWS = (importing, exporting)
