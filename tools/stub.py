"""Write ``src/hyperkit/_functions.pyi``: the default client's methods as functions.

python tools/stub.py            write it
python tools/stub.py --check    fail if it is not what would be written
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "hyperkit"
STUB = SOURCE / "_functions.pyi"

HEAD = '''"""The functions of the module; written by tools/stub.py from the methods of Client."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import IO, Any, Literal, overload

from paramiko import SFTPClient
from requests import Session

from ._api.exec import Command
from ._api.image_files import ImageFilesMixin
from ._api.instance_state import Action
from ._api.instances import InstanceType
from ._api.migration import MigrationMixin
from ._api.processes import InputFile, OutputFile
from ._api.readiness import Until
from ._api.snapshots import DiskVolumesMode
from ._api.storage_volume_copies import StorageVolumeCopiesMixin
from ._batch import Batch
from ._client import Client
from ._events import Events
from ._files import RemotePath
from ._oidc import OnPrompt
from ._payload import Content
from ._process import CompletedProcess, Process
from ._progress import OnProgress
from ._resource import Resource
from ._source import ImageProtocol
from ._transfer import Destination
from ._vga import VgaConsole

'''


def classes(tree: ast.Module) -> list[list[ast.stmt]]:
    """Collect the bodies of a file's public classes."""
    return [
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def methods(tree: ast.Module) -> dict[str, list[ast.FunctionDef]]:
    """Collect the public methods of a file's mixin: several where there are overloads."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for body in classes(tree):
        for node in body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
                continue
            versions = found.setdefault(node.name, [])
            if not versions or not is_overload(versions[0]) or is_overload(node):
                versions.append(node)
    return found


def is_overload(node: ast.FunctionDef) -> bool:
    """Tell whether a method is one of several signatures."""
    return any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)


def aliases(tree: ast.Module) -> dict[str, str]:
    """Collect the public names that a mixin gives to other methods."""
    found: dict[str, str] = {}
    for body in classes(tree):
        for node in body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = ast.unparse(node.value).rpartition(".")[2]
    return {name: target for name, target in found.items() if not name.startswith("_")}


def signature(name: str, node: ast.FunctionDef) -> str:
    """Write a method as a function, without its self."""
    arguments = node.args
    arguments.args = [argument for argument in arguments.args if argument.arg != "self"]
    returns = ast.unparse(node.returns) if node.returns else "None"
    # A function has no class of its own: what `using` returns is a Client here.
    returns = "Client" if returns == "Self" else returns
    head = "@overload\n" if is_overload(node) else ""
    return f"{head}def {name}({ast.unparse(arguments)}) -> {returns}: ...\n"


def options() -> str:
    """Write the options as keyword arguments."""
    tree = ast.parse((SOURCE / "_options.py").read_text(encoding="utf-8"))
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    fields = [node for node in body if isinstance(node, ast.AnnAssign)]
    return ", ".join(
        f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)} = ..." for field in fields
    )


def types(text: str) -> str:
    """Write the import of the types that a text names."""
    tree = ast.parse((SOURCE / "types" / "__init__.py").read_text(encoding="utf-8"))
    [names] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    kept = [name for name in names if name != "Resource" and re.search(rf"\b{name}\b", text)]
    return "from .types import (\n" + "".join(f"    {name},\n" for name in kept) + ")\n\n"


def stub() -> str:
    """Write the whole stub."""
    files = [SOURCE / "_connection.py", *sorted((SOURCE / "_api").glob("*.py"))]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    found: dict[str, list[ast.FunctionDef]] = {}
    for tree in trees:
        found |= methods(tree)
    for tree in trees:
        found |= {name: found[target] for name, target in aliases(tree).items()}
    lines = [signature(name, node) for name in sorted(found) for node in found[name]]
    lines += [
        f"def configure(*, {options()}) -> None: ...\n",
        "def default_client() -> Client: ...\n",
        "def reset() -> None: ...\n",
    ]
    text = "".join(lines)
    return HEAD + types(text) + text


def main() -> int:
    """Write the stub, or check it."""
    parser = argparse.ArgumentParser(description="Write the stub of the module's functions.")
    parser.add_argument("--check", action="store_true", help="fail if it is out of date")
    text = stub()
    if parser.parse_args().check:
        if STUB.read_text(encoding="utf-8") == text:
            return 0
        print(f"{STUB} is out of date: run python tools/stub.py", file=sys.stderr)
        return 1
    STUB.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
