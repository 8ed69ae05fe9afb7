"""The reference, chapter by chapter: a page for each file of ``hyperkit/_api``.

The pages are written before each build, from the mixins that `hyperkit.Client` is composed
of; so none is forgotten, and none is kept in the repository.
"""

from __future__ import annotations

import inspect
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyXRefRole

import hyperkit

if TYPE_CHECKING:
    from types import ModuleType

    from docutils.nodes import Element, document
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# What belongs together: a heading, and the chapters by the patterns of their names (the first
# that fits counts).
FAMILIES = {
    "Trust": ("auth_groups", "*identit*", "certificates", "trust"),
    "Instances": (
        "instance*",
        "containers",
        "copying",
        "directories",
        "exec",
        "files",
        "logs",
        "migration",
        "processes",
        "readiness",
        "sftp",
        "snapshots",
        "terminals",
    ),
    "Images": ("image*",),
    "Profiles and projects": ("profiles", "projects", "scopes"),
    "Networks": ("network*",),
    "Storage": ("storage*",),
    "Clusters": ("cluster*", "placement_groups", "replicators"),
    "Operations and events": ("operations", "waiting", "events"),
    "The server": ("server", "metrics", "warnings"),
    "Requests of your own": ("verbs", "connection"),
}
WORDS = {
    "acls": "ACLs",
    "api": "API",
    "connection": "The connection",
    "oidc": "OIDC",
    "sftp": "SFTP",
    "tls": "TLS",
}
INDEX = """\
Methods by chapter
==================

All of these are methods of :class:`hyperkit.Client`, and functions of the module. Within a
chapter they stand in alphabetical order; :ref:`the index <genindex>` has all of them in one.

"""


def chapters() -> dict[str, tuple[ModuleType, list[str]]]:
    """Find the chapters: by their names, the mixin's module and the names of its methods."""
    found = {}
    for kind in hyperkit.Client.__mro__:
        names = [name for name, one in vars(kind).items() if callable(one) and name[0] != "_"]
        if names:
            module = inspect.getmodule(kind)
            name = module.__name__.rpartition(".")[2].lstrip("_")
            found[name] = (module, sorted(names))
    return dict(sorted(found.items()))


def family_of(chapter: str) -> str:
    """Say which family a chapter belongs to."""
    for family, patterns in FAMILIES.items():
        if any(fnmatch(chapter, pattern) for pattern in patterns):
            return family
    message = f"docs/chapters.py: no family of FAMILIES has the chapter {chapter!r}."
    raise LookupError(message)


def title_of(chapter: str) -> str:
    """Write the name of a chapter for people."""
    words = [WORDS.get(word, word) for word in chapter.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def summary_of(module: ModuleType) -> str:
    """Take what a chapter is about from its docstring, without the chapter's name."""
    said = inspect.getdoc(module).splitlines()[0].rpartition(": ")[2]
    return said[0].upper() + said[1:]


def guides_of(chapter: str) -> list[str]:
    """Find the pages of the manual that tell how a chapter is used: those that name it."""
    pages = sorted(Path(__file__).parent.glob("*.rst"))
    found = [page.stem for page in pages if f"`methods/{chapter}`" in page.read_text()]
    if not found:
        message = f"docs/chapters.py: no page of the manual names `methods/{chapter}`."
        raise LookupError(message)
    return found


def page_of(chapter: str, module: ModuleType, names: list[str]) -> str:
    """Write the page of a chapter."""
    title = title_of(chapter)
    guides = ", ".join(f":doc:`/{guide}`" for guide in guides_of(chapter))
    lines = [title, "=" * len(title), "", summary_of(module), ""]
    lines += [f"How they are used: {guides}.", "", ".. currentmodule:: hyperkit", ""]
    for name in names:
        told = getattr(hyperkit.Client, name).__name__
        if told == name:
            lines += [f".. automethod:: Client.{name}", ""]
        else:
            same = f"   Another name of :meth:`~hyperkit.Client.{told}`."
            lines += [f".. method:: Client.{name}(...)", "", same, ""]
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write all pages, and their index, into a folder."""
    pages = {}
    listed = {family: [] for family in FAMILIES}
    found = chapters()
    for chapter, (module, names) in found.items():
        pages[chapter] = page_of(chapter, module, names)
        listed[family_of(chapter)].append(chapter)
    pages["index"] = INDEX
    for family, members in listed.items():
        lines = [family, "-" * len(family), "", ".. toctree::", "   :hidden:", ""]
        lines += [*(f"   {name}" for name in members), ""]
        for name in members:
            lines.append(f"* :doc:`{title_of(name)} <{name}>`: {summary_of(found[name][0])}")
        pages["index"] += "\n".join([*lines, "", ""])
    if folder.exists() and {path.stem for path in folder.iterdir()} != set(pages):
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:  # else nothing is built anew
            path.write_text(text)


class NameRole(PyXRefRole):
    """What single backquotes mean: a name of the library, however short; never a page."""

    def process_link(
        self,
        env: BuildEnvironment,
        refnode: Element,
        has_explicit_title: bool,
        title: str,
        target: str,
    ) -> tuple[str, str]:
        """Look for the name in all modules and classes."""
        title, target = super().process_link(env, refnode, has_explicit_title, title, target)
        refnode["reftype"] = "obj"
        refnode["refspecific"] = True
        return title, target


def prefer_types(app: Sphinx, doctree: document) -> None:
    """Let names that both `hyperkit.types` and `hyperkit.testing` have mean the former here."""
    if app.env.docname == "objects" or app.env.docname.startswith("methods/"):
        for node in doctree.findall(pending_xref):
            if node["refdomain"] == "py" and node["reftarget"] in hyperkit.types.__all__:
                node["reftarget"] = f"hyperkit.types.{node['reftarget']}"


def list_fields(
    _app: Sphinx, what: str, _name: str, obj: Any, _options: object, lines: list[str]
) -> None:
    """Let the type of an object tell its fields, which are annotations and nothing else."""
    if what == "class" and issubclass(obj, hyperkit.Resource) and vars(obj).get("__annotations__"):
        lines += ["", ".. code-block:: python", ""]
        lines += [f"   {field}: {kind}" for field, kind in obj.__annotations__.items()]


def setup(app: Sphinx) -> dict[str, bool]:
    """Have the pages written before Sphinx looks for pages."""
    app.add_role_to_domain("py", "name", NameRole())
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "methods"))
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", list_fields)
    app.connect("doctree-read", prefer_types)
    return {"parallel_read_safe": True}
