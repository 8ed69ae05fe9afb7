"""Pools and networks of a cluster: defined on each of its members, and then created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.state import Network, Pool


def defining(call: Call) -> bool:
    """Tell whether something is to be defined on one member alone."""
    return call.state.cluster is not None and bool(call.query.get("target"))


def defined(
    call: Call, words: tuple[str, str], there: Network | Pool | None, *, own: bool = True
) -> dict[str, str]:
    """Find what has been defined on the member of a cluster.

    Args:
        call: the request to define or to create it.
        words: what the servers call it if it has not been defined, and if it has been.
        there: what has that name.
        own: whether members have settings of their own for such a thing.

    Returns:
        The member's own configuration; empty where there is none.

    Raises:
        Refused: it has been defined already, or is to be and has not been.
    """
    if defining(call) and there is not None:
        raise Refused(400, f'The {words[1]} already defined on member "{call.daemon.member}"')
    if call.state.cluster is not None and there is None and own and not defining(call):
        raise Refused(500, f"{words[0]} not pending on any node (use --target <node> first)")
    return {} if there is None else there.config
