"""Many containers: created, started, stopped, deleted; one by one, and in a batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .peers import cli, command, offered, pylxd_client
from .relay import Relay
from .rows import CLI, OURS, PYLXD, Row, take_turns
from .setting import NAME, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    import hyperkit

    from .setting import Setting

BATCH = f"{OURS}, batch"


def one_by_one(client: hyperkit.Client, image: str, names: list[str]) -> None:
    """Walk containers through their lives, one after another."""
    for name in names:
        client.create_container(name, alias=image)
        client.start_container(name)
        client.stop_container(name, force=True)
        client.delete_container(name)


def in_a_batch(client: hyperkit.Client, image: str, names: list[str]) -> None:
    """Walk containers through their lives together, in four waves."""
    with client.batch() as batch:
        for name in names:
            batch.create_container(name, alias=image)
        batch.wait()
        for name in names:
            batch.start_container(name)
        batch.wait()
        for name in names:
            batch.stop_container(name, force=True)
        batch.wait()
        for name in names:
            batch.delete_container(name)


def by_pylxd(theirs: Any, image: str, names: list[str]) -> None:
    """Walk containers through their lives by pylxd."""
    source = {"type": "image", "alias": image}
    for name in names:
        body = {"name": name, "source": source, "type": "container"}
        made = theirs.instances.create(body, wait=True)
        made.start(wait=True)
        made.stop(force=True, wait=True)
        made.delete(wait=True)


def by_cli(setting: Setting, socket: str, image: str, names: list[str]) -> None:
    """Walk containers through their lives by lxc or incus."""
    for name in names:
        cli(setting, "launch", image, name, at=socket)
        cli(setting, "stop", "--force", name, at=socket)
        cli(setting, "delete", name, at=socket)


def lives(setting: Setting) -> Row:
    """Walk many containers through their lives."""
    count = setting.pick(50, 3)
    row = Row(f"{count} containers: create, start, stop, delete", "s")
    names = [f"{NAME}-{number}" for number in range(count)]
    image = setting.lab["image_alias"]
    with setting.client() as sweeper, Relay(setting.socket) as relay:
        sweep(sweeper)
        with setting.client(api_endpoint=relay.socket) as client:

            def counted(name: str, work: Callable[[], object]) -> None:
                relay.restart()
                work()
                row.counts[name] = relay.counts

            def pylxd() -> Callable[[], object]:
                return partial(by_pylxd, pylxd_client(relay.socket), image, names)

            def own() -> Callable[[], object]:
                command(setting)
                return partial(by_cli, setting, relay.socket, image, names)

            works: dict[str, Callable[[], object]] = {
                OURS: partial(one_by_one, client, image, names),
                BATCH: partial(in_a_batch, client, image, names),
            }
            works |= offered(row.missing, {PYLXD: pylxd, CLI: own})
            try:
                calls = {name: partial(counted, name, work) for name, work in works.items()}
                take_turns(row, calls, 1)
            finally:
                sweep(sweeper)
    row.at_least("batch ≥ 2 × as fast as one by one", row.ratio(OURS, BATCH), 2)
    row.at_least("batch ≥ as fast as pylxd", row.ratio(PYLXD, BATCH), 1)
    row.at_least("batch ≥ as fast as the CLI", row.ratio(CLI, BATCH), 1)
    return row


ROWS = (lives,)
