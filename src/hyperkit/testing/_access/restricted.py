"""What a restricted client may do: work in its projects, and look at some of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.state import Certificate

# What belongs to no project, by the first word of the path, and what of it may be looked at.
_SEEN = {
    "",
    "certificates",
    "cluster",
    "metadata",
    "metrics",
    "projects",
    "resources",
    "storage-pools",
}
_HIDDEN = {"auth", "network-integrations", "warnings"}
_ALONE = "Certificate is restricted"


def restrict(call: Call, known: Certificate) -> None:
    """Keep a restricted client to its projects.

    Args:
        call: its request.
        known: its certificate.

    Raises:
        Refused: it may not do this.
    """
    call.kept = frozenset(known.projects)
    text = _refusal(call, known)
    if text:
        raise Refused(403, text if call.flavour.recent else call.forbidden)


def _refusal(call: Call, known: Certificate) -> str:
    """Say why a client may not do what it asks for; empty if it may."""
    words = call.request.path.strip("/").split("/")[1:]
    kind, name = (*words, "", "")[:2]
    reads = call.request.method == "GET"
    if kind == "operations" and name:
        return "" if reads else _outside(call, call.daemon.operations.find(name).project)
    if kind == "projects" and name and reads and not call.flavour.lxd6:
        return _outside(call, name)
    if kind in _SEEN | _HIDDEN and words[2:3] not in (["buckets"], ["volumes"]):
        return "" if _seen(call, known, words) else _ALONE
    if not call.all_projects:
        return _outside(call, call.project)
    # Where all may be asked for, the lists are of those that the client may see.
    return _ALONE if kind == "events" or call.flavour.name == "incus-6.0" else ""


def _seen(call: Call, known: Certificate, words: list[str]) -> bool:
    """Tell whether a client may do something with what belongs to no project."""
    kind, name = (*words, "", "")[:2]
    reads = call.request.method == "GET"
    if kind == "certificates" and name:
        return known.fingerprint.startswith(name) or (reads and not call.flavour.lxd6)
    if kind == "projects":
        return reads and name in {"", *known.projects}
    return reads and (kind in _SEEN or words == ["auth", "identities", "current"])


def _outside(call: Call, project: str) -> str:
    if call.may_see(project):
        return ""
    return f'User does not have permission for project "{project}"'
