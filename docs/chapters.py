"""The reference, chapter by chapter: a page for each file of ``hyperkit/_api``.

The pages are written before each build, from the mixins that `hyperkit.Client` is composed
of; so none is forgotten, and none is kept in the repository.
"""

import inspect
import shutil
from fnmatch import fnmatch
from pathlib import Path

from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyXRefRole

import hyperkit

# What belongs together: a heading, the chapters by the patterns of their names (the first that
# fits counts), and the pages of the manual that tell how they are used.
FAMILIES = (
    (
        "Trust",
        ("auth_groups", "*identit*", "certificates", "trust", "log_in"),
        ("connecting", "certificates", "trust"),
    ),
    (
        "Instances",
        (
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
        (
            "instances",
            "snapshots",
            "processes",
            "files",
            "backups",
            "migration",
            "waiting",
        ),
    ),
    ("Images", ("image*",), ("images",)),
    ("Profiles and projects", ("profiles", "projects", "scopes"), ("profiles", "projects")),
    (
        "Networks",
        ("network*",),
        ("networks", "network-acls", "network-forwards", "network-zones", "network-peers"),
    ),
    ("Storage", ("storage*",), ("storage", "buckets")),
    ("Clusters", ("cluster*", "placement_groups", "replicators"), ("clusters",)),
    (
        "Operations and events",
        ("operations", "waiting", "events"),
        ("operations", "batches", "events"),
    ),
    ("The server", ("server", "metrics", "warnings"), ("server",)),
    ("Requests of your own", ("verbs", "connection"), ()),
)
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


def chapters():
    """Find the chapters: by their names, the mixin's module and the names of its methods."""
    found = {}
    for kind in hyperkit.Client.__mro__:
        names = [name for name, one in vars(kind).items() if callable(one) and name[0] != "_"]
        if names:
            module = inspect.getmodule(kind)
            name = module.__name__.rpartition(".")[2].lstrip("_")
            found[name] = (module, sorted(names))
    return dict(sorted(found.items()))


def family_of(chapter):
    """Say which family a chapter belongs to: its number in `FAMILIES`."""
    for number, (_, patterns, _) in enumerate(FAMILIES):
        if any(fnmatch(chapter, pattern) for pattern in patterns):
            return number
    message = f"docs/chapters.py: no family of FAMILIES has the chapter {chapter!r}."
    raise LookupError(message)


def title_of(chapter):
    """Write the name of a chapter for people."""
    words = [WORDS.get(word, word) for word in chapter.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def page_of(chapter, module, names, guides):
    """Write the page of a chapter."""
    title = title_of(chapter)
    said = inspect.getdoc(module).splitlines()[0]
    lines = [title, "=" * len(title), "", said, ""]
    if guides:
        pages = ", ".join(f":doc:`/{guide}`" for guide in guides)
        lines += [f"How they are used: {pages}.", ""]
    lines += [".. currentmodule:: hyperkit", ""]
    for name in names:
        lines += [f".. automethod:: Client.{name}", ""]
    return "\n".join(lines)


def write(folder):
    """Write all pages, and their index, into a folder."""
    pages = {}
    listed = [[] for _ in FAMILIES]
    for chapter, (module, names) in chapters().items():
        family = family_of(chapter)
        guides = [one for one in FAMILIES[family][2] if (folder.parent / f"{one}.rst").exists()]
        pages[chapter] = page_of(chapter, module, names, guides)
        listed[family].append(chapter)
    pages["index"] = INDEX
    for (family, _, _), members in zip(FAMILIES, listed, strict=True):
        lines = [family, "-" * len(family), "", ".. toctree::", "   :titlesonly:", ""]
        pages["index"] += "\n".join([*lines, *(f"   {name}" for name in members), "", ""])
    if folder.exists() and {path.stem for path in folder.iterdir()} != set(pages):
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:  # else nothing is built anew
            path.write_text(text)


class NameRole(PyXRefRole):
    """What single backquotes mean: a name of the library, however short; never a page."""

    def process_link(self, env, refnode, has_explicit_title, title, target):
        """Look for the name in all modules and classes."""
        title, target = super().process_link(env, refnode, has_explicit_title, title, target)
        refnode["reftype"] = "obj"
        refnode["refspecific"] = True
        return title, target


def prefer_types(app, doctree):
    """Let names that both `hyperkit.types` and `hyperkit.testing` have mean the former here."""
    if app.env.docname.startswith("methods/"):
        for node in doctree.findall(pending_xref):
            if node["refdomain"] == "py" and node["reftarget"] in hyperkit.types.__all__:
                node["reftarget"] = f"hyperkit.types.{node['reftarget']}"


def setup(app):
    """Have the pages written before Sphinx looks for pages."""
    app.add_role_to_domain("py", "name", NameRole())
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "methods"))
    app.connect("doctree-read", prefer_types)
    return {"parallel_read_safe": True}
