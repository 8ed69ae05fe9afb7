"""Backups: what those of instances, volumes and buckets have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from .._clock import NEVER, later
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Backup
from .archives import packer_of
from .files import sent
from .object_store import put_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._engine.call import Call
    from .._engine.operations import Operation

_BYTES = "application/octet-stream"


class Owner(Protocol):
    """What has backups."""

    name: str
    backups: dict[str, Backup]


def free_name(asked: Json, known: dict[str, object], stem: str) -> str:
    """Read a name, or choose the first free one.

    Args:
        asked: the body.
        known: the names that are taken.
        stem: of the chosen name, such as ``"snap"`` of ``"snap0"``.
    """
    number = 0
    while f"{stem}{number}" in known:
        number += 1
    return str(asked.get("name") or f"{stem}{number}")


def snapshot_end(call: Call, asked: Json, config: dict[str, str]) -> str | None:
    """Read when a snapshot ends, or work it out from how long its owner's last; None is never.

    Args:
        call: the request.
        asked: the body.
        config: of the instance or the volume, profiles included.
    """
    apart = call.flavour.has("snapshot_manual_expiry")
    lasts = config.get("snapshots.expiry.manual" if apart else "snapshots.expiry")
    return asked.get("expires_at") or (later(call.daemon.clock, lasts) if lasts else None)


def backup_shown(backup: Backup) -> Json:
    """Write what the API shows of every backup."""
    return {
        "name": backup.name,
        "created_at": backup.created_at,
        "expires_at": backup.expires_at,
    }


def listed(
    call: Call, base: tuple[str, ...], owner: Owner, show: Callable[[Backup], Json]
) -> web.StreamResponse:
    """Answer with the list of backups.

    Args:
        call: the request.
        base: the path of what they are of.
        owner: what they are of.
        show: writes one as the API does.
    """
    found = owner.backups.values()
    if call.recursion:
        return call.sync([show(one) for one in found])
    return call.sync([call.url(*base, "backups", one.name) for one in found])


def find(owner: Owner, name: str, missing: str) -> Backup:
    """Find a backup.

    Raises:
        Refused: there is none; ``missing`` says so.
    """
    found = owner.backups.get(name)
    if found is None:
        raise Refused(404, missing)
    return found


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a backup."""
    if "/" in name:
        raise Refused(400, "Backup names may not contain slashes")


async def make(
    call: Call,
    owner: Owner,
    asked: Json,
    pack: Callable[[str], bytes],
    *,
    alone: bool,
    before: str,
    description: str,
    label: str,
    resources: Callable[[str], Json],
    tell: Callable[[str, str], None],
) -> web.StreamResponse:
    """Make a backup: one that is kept, or one that goes elsewhere at once.

    Args:
        call: the request.
        owner: what it is of.
        asked: the body.
        pack: packs it, by the way of compressing that is named.
        alone: whether its snapshots are left out.
        before: what a failure begins with.
        description: of the operation.
        label: what stands before the name in failures, such as ``"data/"``.
        resources: of the operation, by the backup's name; empty if it gets none.
        tell: sends the event, by what happened and the backup's name.
    """
    packer = packer_of(text_in(asked, "compression_algorithm"))
    direct = call.request.headers.get("Accept") == _BYTES and call.flavour.has("direct_backup")
    target: Json = asked.get("target") or {}

    def packed() -> asyncio.Future[bytes]:
        return asyncio.get_running_loop().run_in_executor(None, pack, packer)

    if direct:
        _refuse_name(asked, f"requesting a direct backup with Accept: {_BYTES}")
        return web.Response(body=await packed(), content_type=_BYTES)
    if target:
        _refuse_name(asked, "setting a backup target")

        async def send(operation: Operation) -> None:
            operation.daemon.dialled = True
            await put_object(target, await packed())

        return call.start(description, send, resources=resources(""))
    name = free_name(asked, dict(owner.backups), "backup")
    check_name(name)

    async def work(_operation: Operation) -> None:
        if name in owner.backups:
            raise Refused(500, f'{before}Backup "{label}{name}" already exists')
        owner.backups[name] = Backup(
            name,
            call.daemon.clock.text(),
            await packed(),
            asked.get("expires_at") or NEVER,
            alone=alone,
            optimized_storage=bool(asked.get("optimized_storage")),
        )
        tell("created", name)

    return call.start(description, work, resources=resources(name))


def _refuse_name(asked: Json, when: str) -> None:
    """Refuse to name what is not kept."""
    if asked.get("name"):
        raise Refused(400, f"No backup name can be set when {when}")


def rename(owner: Owner, backup: Backup, name: str, taken: str) -> None:
    """Give a backup another name.

    Raises:
        Refused: it is taken; ``taken`` says so.
    """
    if name in owner.backups:
        raise Refused(500, taken)
    del owner.backups[backup.name]
    backup.name = name
    owner.backups[name] = backup


def export(call: Call, backup: Backup) -> web.StreamResponse:
    """Answer with the file."""
    return sent(call, backup.data, {"Content-Disposition": "inline;filename="})
