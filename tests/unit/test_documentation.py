"""The examples of the manual and of docstrings run, on the embedded server."""

import doctest
import inspect
import io
import re
import tarfile
from pathlib import Path

import pytest

import hyperkit
from hyperkit import testing
from hyperkit.testing import Server
from hyperkit.testing._keys import key_pair

DOCS = Path(__file__).parent.parent.parent / "docs"
EXAMPLES = {
    name: inspect.getdoc(method)
    for name, method in inspect.getmembers(hyperkit.Client, inspect.isfunction)
    if name[0] != "_" and method.__name__ == name
}
METHODS = set(EXAMPLES)
for kind in (testing.Clock, testing.Faults, testing.Server):
    EXAMPLES |= {kind.__name__: inspect.getdoc(kind)}
    EXAMPLES |= {
        f"{kind.__name__}.{name}": inspect.getdoc(member)
        for name, member in inspect.getmembers(kind)
        if name[0] != "_"
    }
EXAMPLES["record and replay"] = f"{testing.record.__doc__}\n{testing.replay.__doc__}"
RULE = {"action": "allow", "protocol": "tcp", "destination_port": "80", "state": "enabled"}
STOPPED = {
    "create_image_from_container",
    "delete_instance",
    "rebuild_instance",
    "rename_instance",
    "start_instance",
}
# Examples that are not run, and why: by the beginning of their names.
NOT_RUN = {
    "certificate_token": "speaks of an operation of the caller's",
    "cluster_": "the embedded server is a cluster of one",
    "copy_image": "needs a second server",
    "create_cluster_": "the embedded server is a cluster of one",
    "create_image_from_remote": "needs the internet",
    "create_image_from_url": "needs the internet",
    "create_trust_token": "needs a server that listens on the network",
    "create_tls_identity": "needs a certificate of the caller's",
    "delete_log": "the embedded server has no log that may be deleted",
    "disable_cluster": "the embedded server is a cluster of one",
    "edit_cluster_": "the embedded server is a cluster of one",
    "export_image": "names a file of the caller's",
    "import_storage_": "names a file of the caller's",
    "init_": "needs a second server",
    "join_cluster": "needs a second server",
    "log_in": "needs an identity provider",
    "migrate": "needs a second server",
    "network_acl_log": "only OVN networks have one",
    "patch_cluster_": "the embedded server is a cluster of one",
    "push_directory": "names a folder of the caller's",
    "push_file": "names a file of the caller's",
    "push_storage_volume_file": "names a file of the caller's",
    "refresh_image": "the image has come from nowhere",
    "relocate_storage_volume": "the embedded server is a cluster of one",
    "storage_volume_state": "the pool's driver counts nothing",
    "transfer_": "needs a second server",
    "trust": "needs a server on the network",
    "update_cluster_": "the embedded server is a cluster of one",
    "using": "speaks of an image of the caller's",
}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(file):
    """List the programs in a page."""
    text = (DOCS / file).read_text()
    found = re.findall(r"\.\. code-block:: python\n\n((?:(?:   .*)?\n)+)", text)
    return [re.sub("(?m)^   ", "", block) for block in found]


@pytest.mark.parametrize("number", range(len(blocks("testing.rst"))))
def test_the_page_on_testing(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("testing.rst")[number], "testing.rst", "exec"), {})


def furnish(client, server, name):
    """Make what the examples speak of, but for what this one makes itself."""
    made = {
        "create_profile": lambda: client.create_profile("web", config={"limits.cpu": 1}),
        "create_storage_pool": lambda: client.create_storage_pool("fast", driver="dir"),
        "create_storage_volume": lambda: client.create_storage_volume("default", "data"),
        "create_network": lambda: client.create_network("br0"),
        "create_network_acl": lambda: client.create_network_acl("web", ingress=[RULE]),
        "create_project": lambda: client.create_project("blue"),
        "create_certificate": lambda: client.create_certificate(server.certificate, name="laptop"),
        "create_container": lambda: client.launch_instance("web", alias="busybox"),
    }
    made["create_instance"] = made["launch_instance"] = made["create_container"]
    skipped = {made.get(name), made["create_profile"] if name == "post" else None}
    for make in dict.fromkeys(made.values()):
        if make not in skipped:
            make()
    if made["create_container"] not in skipped:
        client.write_file("web", "/etc/motd", content="Welcome\n")
        if name not in {"create_snapshot", "create_instance_snapshot", "rebuild_instance"}:
            client.create_snapshot("web", "before")
        if name != "create_instance_backup":
            client.create_instance_backup("web", name="monday")
        client.execute_command("web", "true", record_output=True)
        if name in STOPPED:
            client.stop_instance("web", force=True)
        if name.startswith("unfreeze"):
            client.freeze_instance("web")
    for other in ("a", "b"):
        client.create_container(other, alias="busybox", start=name == "wait_for_operations")
    fingerprint = client.image_by_alias("busybox").fingerprint
    for alias in () if name == "create_image_alias" else ("old", "test/latest"):
        client.create_image_alias(fingerprint, alias)
    if name not in {"create_storage_volume", "create_storage_volume_snapshot"}:
        client.create_storage_volume_snapshot("default", "data", "before")
    server.requests.clear()


@pytest.fixture
def there(tmp_path, monkeypatch):
    """The files that the examples speak of."""
    monkeypatch.chdir(tmp_path)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("metadata.yaml")
        text = b"architecture: x86_64\ncreation_date: 1\nproperties: {os: busybox}\n"
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    Path("busybox.tar.gz").write_bytes(packed.getvalue())
    (tmp_path / "laptop.crt").write_text(key_pair("laptop").certificate)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def run(name, flavour):
    """Run an example.

    What a method of the client is shown to return depends on the server: it does not count.
    """
    with Server(flavour) as server, server.client() as client:
        furnish(client, server, name)
        known = {**vars(hyperkit), **vars(testing), "server": server, "client": client}
        test = doctest.DocTestParser().get_doctest(EXAMPLES[name] or "", known, name, None, 0)
        ran = 0
        for example in test.examples:
            if doctest.SKIP in example.options:
                continue
            printed = io.StringIO()

            def show(value, printed=printed):
                if value is not None:
                    print(repr(value), file=printed)

            source = compile(example.source, name, "single")
            with pytest.MonkeyPatch.context() as monkeypatch:
                monkeypatch.setattr("sys.displayhook", show)
                monkeypatch.setattr("sys.stdout", printed)
                exec(source, known)
            ran += 1
            if example.want and name not in METHODS:
                checker = doctest.OutputChecker()
                same = checker.check_output(example.want, printed.getvalue(), OPTIONS)
                assert same, (example.source, example.want, printed.getvalue())
        return ran


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name, there):
    for beginning, reason in NOT_RUN.items():
        if name.startswith(beginning):
            pytest.skip(reason)
    try:
        run(name, "incus-6.0")
    except (hyperkit.MissingExtension, hyperkit.NotImplementedByServer):
        try:
            run(name, "lxd-6")
        except (hyperkit.MissingExtension, hyperkit.NotImplementedByServer) as error:
            pytest.skip(str(error))
