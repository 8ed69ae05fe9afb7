"""What the commands' own configuration says of a server."""

import json
import socket
import sys

import pytest
from unit.servers import envelope, serving

import hyperkit
from hyperkit._remotes import expand
from hyperkit._transport import read_endpoint

# The commands' folders below a home folder.
FOLDERS = {
    "deb": ".config/lxc",
    "snap": "snap/lxd/common/config",
    "incus": ".config/incus",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("LXC_REMOTE", "INCUS_REMOTE", "LXD_SOCKET", "LXD_DIR", "INCUS_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LXD", "INCUS"):
        monkeypatch.setenv(f"{name}_GLOBAL_CONF", str(tmp_path / "etc" / name.lower()))
    monkeypatch.setenv("INCUS_DIR", str(tmp_path / "var-incus"))
    return tmp_path


def write(folder, text, *files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yml").write_text(text)
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    return folder


def found(name, **options):
    return expand(hyperkit.Client(api_endpoint=f"remote:{name}", **options))


FAR = "remotes:\n  far: {addr: 'https://far.test:8443', project: blue}\n"
PAIR = ("client.crt", "client.key")


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_remote_says_where_and_how(home, kind):
    folder = write(home / FOLDERS[kind], FAR, "servercerts/far.crt", *PAIR)
    remote = found("far")
    assert remote.api_endpoint == "https://far.test:8443"
    assert remote.server_cert == str(folder / "servercerts" / "far.crt")
    assert (remote.client_cert, remote.client_key) == (
        str(folder / "client.crt"),
        str(folder / "client.key"),
    )
    assert remote.default_project == "blue"


def test_what_is_given_wins(home):
    write(home / FOLDERS["deb"], FAR, "servercerts/far.crt", *PAIR)
    remote = found("far", client_cert="a", client_key="b", default_project="red", server_cert="c")
    assert (remote.client_cert, remote.client_key) == ("a", "b")
    assert (remote.default_project, remote.server_cert) == ("red", "c")


def test_variables_name_other_folders(home, monkeypatch):
    for variable in ("LXD_CONF", "INCUS_CONF"):
        write(home / variable, FAR.replace("far", variable.lower()))
        monkeypatch.setenv(variable, str(home / variable))
    assert found("lxd_conf").api_endpoint == "https://lxd_conf.test:8443"
    assert found("incus_conf").api_endpoint == "https://incus_conf.test:8443"


def test_remotes_of_the_whole_machine_are_found(home):
    own = write(home / FOLDERS["incus"], "remotes: {}\n", *PAIR)
    everybodys = write(home / "etc" / "incus", FAR, "servercerts/far.crt")
    remote = found("far")
    assert remote.server_cert == str(everybodys / "servercerts" / "far.crt")
    assert remote.client_cert == str(own / "client.crt")


def test_a_key_pair_for_one_remote_wins(home):
    files = ("clientcerts/far.crt", "clientcerts/far.key", *PAIR)
    folder = write(home / FOLDERS["incus"], FAR, *files)
    assert found("far").client_cert == str(folder / "clientcerts" / "far.crt")


def test_an_authority_of_the_command_counts(home):
    folder = write(home / FOLDERS["deb"], FAR, "client.ca")
    assert found("far").verify_ssl == str(folder / "client.ca")
    assert found("far", verify_ssl=False).verify_ssl is False


@pytest.mark.parametrize("name", ["", "near"])
def test_an_empty_name_is_the_default_remote(home, name, monkeypatch):
    text = "default-remote: far\n" + FAR + "  near: {addr: 'https://near.test:8443'}\n"
    write(home / FOLDERS["incus"], text)
    if name:
        monkeypatch.setenv("INCUS_REMOTE", name)
    wanted = name or "far"
    assert found("").api_endpoint == f"https://{wanted}.test:8443"
    assert read_endpoint(hyperkit.Client.from_remote()).base == f"https://{wanted}.test:8443"


def test_the_default_remote_is_looked_for_where_it_is_named(home):
    write(home / FOLDERS["deb"], FAR.replace("far.test", "lxd.test"))
    write(home / FOLDERS["incus"], "default-remote: far\n" + FAR)
    assert found("").api_endpoint == "https://far.test:8443"
    assert found("far").api_endpoint == "https://lxd.test:8443"


def test_without_any_configuration_there_is_the_local_server(home):
    assert found("").api_endpoint is None
    assert found("local").api_endpoint is None


def listen(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    return server


def test_the_local_remote_is_the_product_s_own(home, monkeypatch):
    """LXD's and Incus' socket may both be there."""
    monkeypatch.setenv("LXD_DIR", str(home / "l"))
    monkeypatch.setenv("INCUS_DIR", str(home / "i"))
    text = "default-remote: local\nremotes:\n  local: {addr: 'unix://', public: false}\n"
    write(home / FOLDERS["incus"], text)
    with listen(home / "l" / "unix.socket"), listen(home / "i" / "unix.socket"):
        client = hyperkit.Client.from_remote("local")
        assert read_endpoint(client).socket == str(home / "i" / "unix.socket")
        write(home / FOLDERS["deb"], text)
        assert read_endpoint(client).socket == str(home / "l" / "unix.socket")


def test_a_remote_may_be_a_socket(home):
    write(home / FOLDERS["deb"], "remotes:\n  mine: {addr: 'unix:///srv/unix.socket'}\n")
    assert read_endpoint(hyperkit.Client.from_remote("mine")).socket == "/srv/unix.socket"


def test_of_several_addresses_the_last_that_worked_counts_or_the_first(home):
    text = (
        "remotes:\n"
        "  list: {addr: ['https://a.test:8443', 'https://b.test:8443']}\n"
        "  text: {addr: 'https://a.test:8443,https://b.test:8443'}\n"
        "  last: {addr: 'https://a.test', last_working_address: 'https://c.test:8443'}\n"
    )
    write(home / FOLDERS["incus"], text)
    for name, host in (("list", "a"), ("text", "a"), ("last", "c")):
        assert found(name).api_endpoint == f"https://{host}.test:8443"


@pytest.mark.parametrize("written", [True, False])
def test_a_server_of_images_only_is_refused(home, written):
    if written:
        text = "  images: {addr: 'https://images.test', protocol: simplestreams, public: true}\n"
        write(home / FOLDERS["incus"], FAR + text)
    with pytest.raises(hyperkit.ArgumentError, match="create_image_from_remote"):
        hyperkit.Client.from_remote("images")


def test_a_name_that_nobody_knows_is_met_with_those_that_are_known(home):
    write(home / FOLDERS["snap"], FAR)
    with pytest.raises(hyperkit.ArgumentError, match=r"'near'.*snap.*known are far"):
        hyperkit.Client.from_remote("near")


@pytest.mark.parametrize("text", ["", "[]", "remotes: 5", "remotes: {far: 5}", "- a", "5"])
def test_files_that_say_nothing_have_no_remotes(home, text):
    write(home / FOLDERS["deb"], text)
    with pytest.raises(hyperkit.ArgumentError, match="No remote 'far'"):
        hyperkit.Client.from_remote("far")


@pytest.mark.parametrize("text", ["a: [", "\0", "!!python/object:os.system {}"])
def test_files_that_cannot_be_read_are_named(home, text):
    write(home / FOLDERS["deb"], text)
    with pytest.raises(hyperkit.ArgumentError, match="cannot be read"):
        hyperkit.Client.from_remote("far")


def test_a_name_leads_to_no_other_folder(home):
    text = "remotes:\n  '../far': {addr: 'https://far.test:8443'}\n"
    write(home / FOLDERS["deb"], text, "far.crt")
    assert found("../far").server_cert is None


@pytest.mark.parametrize(
    ("content", "token"),
    [(json.dumps({"access_token": "at"}), "at"), ("[]", None), ("{", None), (None, None)],
)
def test_a_remote_with_an_identity_provider_brings_its_token(home, content, token):
    text = "remotes:\n  far: {addr: 'https://far.test:8443', auth_type: oidc}\n"
    folder = write(home / FOLDERS["incus"], text, *PAIR)
    if content is not None:
        (folder / "oidctokens").mkdir()
        (folder / "oidctokens" / "far.json").write_text(content)
    assert (found("far").token, found("far").client_cert) == (token, None)


def test_without_pyyaml_it_says_what_to_install(home, monkeypatch):
    write(home / FOLDERS["deb"], FAR)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(hyperkit.MissingExtra, match=r"pyhyperkit\[remotes\]"):
        hyperkit.Client.from_remote("far")


def test_the_project_of_a_remote_is_that_of_all_calls(home):
    path = home / "s.socket"
    write(home / FOLDERS["deb"], f"remotes:\n  far: {{addr: 'unix://{path}', project: blue}}\n")
    asked = []

    def answer(handler):
        asked.append(handler.path)
        return 200, {}, envelope([])

    with serving(str(path), answer):
        with hyperkit.Client.from_remote("far") as client:
            client.profiles()
            client.using(project="red").profiles()
        with hyperkit.Client(api_endpoint="remote:far", default_project="green") as client:
            client.profiles()
    assert asked == [f"/1.0/profiles?project={name}" for name in ("blue", "red", "green")]


def test_the_environment_pins_the_server_that_it_names(server, monkeypatch):
    monkeypatch.setenv("HYPERKIT_SERVER_CERT", server.client().server_cert)
    with pytest.raises(hyperkit.UntrustedServer):
        hyperkit.Client(api_endpoint=server.url).server()  # it was named here
    monkeypatch.setenv("HYPERKIT_API_ENDPOINT", server.url)
    assert hyperkit.Client().server().auth == "untrusted"
    with pytest.raises(hyperkit.UntrustedServer):
        hyperkit.Client(server_cert="f" * 64).server()
