"""Whole files that go up and come down, in pieces, with their progress told."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from ._payload import Payload, content_of, opened, replacing
from ._progress import Meter

if TYPE_CHECKING:
    from collections.abc import Generator

    from ._link import Download
    from ._progress import OnProgress

    Destination = TypeVar("Destination", bound=str | os.PathLike[str] | IO[bytes])


def save(
    download: Download, dest: Destination, meter: Meter, mode: int | None = None
) -> Destination:
    """Write what comes to a file, which gets its name when all of it has come.

    Args:
        download: what comes.
        dest: a path, or a file that is open for writing bytes.
        meter: told of every block that has come.
        mode: the permissions of the file at a path.

    Returns:
        ``dest``.

    Raises:
        ConnectionFailed: it broke half-way; a file at the path stays as it was.
        OSError: it cannot be written, or the disk is full.
    """
    meter.expect(download.length)
    if isinstance(dest, (str, os.PathLike)):
        with replacing(Path(dest).expanduser(), mode) as file:
            _copy(download, file, meter)
    else:
        _copy(download, dest, meter)
    return dest


@contextmanager
def sending(
    source: str | os.PathLike[str] | IO[Any],
    on_progress: OnProgress | None,
    *,
    progress: bool,
    text: str,
) -> Generator[Payload]:
    """Open a file as the body of an upload.

    Args:
        source: a path, or a file that is open for reading.
        on_progress: called with bytes done, bytes in all (or None), and the text.
        progress: True draws a bar.
        text: what it is that goes up.

    Raises:
        OSError: the file is missing, unreadable or a folder; nothing was sent.
    """
    with opened(source) as file, Meter(on_progress, progress=progress, text=text) as meter:
        payload = Payload(content_of(file), meter=meter)
        meter.expect(payload.length)
        yield payload


def _copy(download: Download, file: IO[bytes], meter: Meter) -> None:
    for block in download.blocks():
        file.write(block)
        meter.advance(len(block))
