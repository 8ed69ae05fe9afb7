"""The examples of docstrings run, on the embedded server, and show what it answers."""

import doctest
import inspect
import io
from fnmatch import fnmatch

import pytest
from documentation.furnish import furnish
from documentation.world import FLAVOURS, LACKING, world

import hyperkit
from hyperkit import notebook, testing

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def members(kind):
    """List the docstrings of a class and of what is public in it."""
    yield kind.__name__, inspect.getdoc(kind)
    for name in vars(kind):
        if name[0] != "_":
            yield f"{kind.__name__}.{name}", inspect.getdoc(getattr(kind, name))


EXAMPLES = {
    name: inspect.getdoc(method)
    for name, method in inspect.getmembers(hyperkit.Client, inspect.isfunction)
    if name[0] != "_" and method.__name__ == name
}
for kind in (
    hyperkit.Batch,
    hyperkit.CompletedProcess,
    hyperkit.Events,
    hyperkit.Filter,
    hyperkit.Process,
    hyperkit.VgaConsole,
    hyperkit.Resource,
    testing.Clock,
    testing.Faults,
    testing.Server,
):
    EXAMPLES |= dict(members(kind))
for one in (hyperkit, testing, hyperkit.Client, hyperkit.configure, hyperkit.default_client):
    EXAMPLES |= {one.__name__: one.__doc__}
for one in (hyperkit.reset, hyperkit.where, hyperkit.where_not, notebook, notebook.table):
    EXAMPLES |= {one.__name__: one.__doc__}
EXAMPLES["name_of"] = hyperkit.name_of.__doc__
EXAMPLES["record"] = f"{testing.record.__doc__}\n{testing.replay.__doc__}"
PARSER = doctest.DocTestParser()
EXAMPLES = {name: text for name, text in EXAMPLES.items() if ">>>" in (text or "")}
# What those examples may name that are not about a client.
NAMES = ("Client", "Resource", "where", "where_not")
KNOWN = {name: getattr(hyperkit, name) for name in NAMES} | {
    name: getattr(testing, name) for name in ("FLAVOURS", "Server", "record", "replay")
}
KNOWN["table"] = notebook.table
# Examples that do not run, and why: by their names.
NOT_RUN = {
    "*instance_bitmap": "the embedded server has no virtual machines",
    "*storage_volume_bitmap*": "only what a virtual machine has open has bitmaps",
    "delete_storage_bucket_backup": "Incus 7.0 looks for it in the wrong place",
    "instance_nbd": "the embedded server has no virtual machines",
    "rename_storage_bucket_backup": "Incus 7.0 looks for it in the wrong place",
    "*instance_nvram*": "the embedded server has no virtual machines with firmware",
    "*instance_uefi_vars": "the embedded server has no virtual machines with firmware",
    "create_cluster_join_token": "the embedded server is a cluster of one",
    "create_cluster_link": "the embedded server is a cluster of one",
    "delete_cluster_member": "the embedded server is a cluster of one",
    "join_cluster": "the embedded server is a cluster of one",
    "log_in": "there is no identity provider",
    "relocate_storage_volume": "the embedded server is a cluster of one",
    "run_replicator": "the embedded server is a cluster of one",
    "export_instance_memory": "the embedded server dumps no memory",
    "repair_instance": "the embedded server has nothing to repair",
}


def why_not(name):
    """Say why an example does not run; None if it does."""
    return next((why for pattern, why in NOT_RUN.items() if fnmatch(name, pattern)), None)


def run(name, here):
    """Run an example; what it shows is what comes."""
    examples = PARSER.get_examples(here.adapt(EXAMPLES[name]))
    known = KNOWN | here.known
    text = "".join(example.source + example.want for example in examples)
    furnish(here.client, here.server, text)
    for example in examples:
        if doctest.SKIP in example.options:
            continue
        shown = io.StringIO()
        source = compile(example.source, name, "single")
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr("sys.displayhook", show)
            monkeypatch.setattr("sys.stdout", shown)
            exec(source, known)
        if not example.want and "\n" in example.source.strip():
            continue  # a block, of which nobody wants to see all
        same = doctest.OutputChecker().check_output(example.want, shown.getvalue(), OPTIONS)
        assert same, f"{example.source}shows\n{shown.getvalue()}and not\n{example.want}"


def show(value):
    if value is not None:
        print(repr(value))


def parameter(name):
    """Expect that an example fails, if there is a reason why: it may not run unseen."""
    reason = why_not(name)
    kinds = (AttributeError, hyperkit.Error)
    marks = [pytest.mark.xfail(raises=kinds, reason=reason, strict=True)] if reason else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [parameter(name) for name in EXAMPLES])
def test_examples(name):
    lacking = []
    for flavour in FLAVOURS:
        try:
            with world(flavour, EXAMPLES[name]) as here:
                run(name, here)
        except LACKING as error:
            lacking.append(error)
        else:
            return
    raise lacking[0]


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_what_is_not_run_is_there(pattern):
    assert any(fnmatch(name, pattern) for name in EXAMPLES)
