"""What the examples do, on servers in memory."""

import gzip
import json
import re
import signal
import socket
import tarfile
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from examples.conftest import EXAMPLES

from hyperkit.testing import Server

TABLE = EXAMPLES / "provision.toml"
WEBS = ["web-1", "web-2", "web-3"]


@pytest.fixture
def webs(client):
    """Three instances that run, and one that does not."""
    for name in WEBS:
        client.launch_instance(name, alias="busybox")
    client.create_instance("off", alias="busybox")


def test_quickstart_shows_both_ways_and_leaves_nothing(run, client):
    code, stdout, stderr = run("quickstart.py")
    assert (code, stderr) == (0, "")
    assert stdout.count("it says it is hyperkit-quickstart") == 2
    assert client.instances() == []


def test_quickstart_leaves_nothing_behind(run, server, client):
    server.faults.fail("no", operation="Starting *")
    code, _, stderr = run("quickstart.py")
    assert (code, client.instances()) == (1, [])
    assert stderr.startswith("quickstart: Starting ")


# provision.py


def test_provision_makes_what_the_table_says(run, client):
    code, stdout, stderr = run("provision.py", TABLE)
    assert (code, stdout) == (0, "4 made, 4 started, 4 in all\n")
    assert "4/4" in stderr  # the bar
    found = {one.name: one for one in client.instances(recursion=1)}
    assert sorted(found) == ["db", *WEBS]
    assert {one.status for one in found.values()} == {"Running"}
    assert found["web-2"].profiles == ["default", "small"]
    assert found["web-2"].expanded_config["limits.memory"] == "256MiB"
    assert found["db"].config["boot.autostart"] == "true"
    assert found["db"].description == "Where all of it is kept"
    assert found["db"].devices["scratch"]["readonly"] == "true"
    assert found["db"].expanded_devices["fuse"]["path"] == "/dev/fuse"


def test_provision_again_makes_what_is_missing_and_nothing_else(run, client):
    run("provision.py", TABLE, "--quiet")
    client.stop_instance("web-1", force=True)
    client.stop_instance("web-2", force=True)
    client.delete_instance("web-2")
    client.update_profile("small", config={"limits.cpu": 8})
    code, stdout, stderr = run("provision.py", TABLE, "--quiet")
    assert (code, stdout, stderr) == (0, "1 made, 2 started, 4 in all\n", "")
    assert client.profile("small").config == {"limits.cpu": "1", "limits.memory": "256MiB"}


def test_provision_takes_it_away_again(run, client):
    run("provision.py", TABLE, "--quiet")
    client.create_instance("mine", alias="busybox")
    code, stdout, _ = run("provision.py", TABLE, "--quiet", "--remove")
    assert (code, stdout) == (0, "4 removed\n")
    assert (client.instances(), client.profiles()) == (["mine"], ["default"])


def test_provision_says_what_failed(run, client, tmp_path):
    (tmp_path / "table.toml").write_text(
        'image = "busybox"\n[instances.web]\ncount = 2\n[instances.db]\nimage = "none"\n'
    )
    code, _, stderr = run("provision.py", tmp_path / "table.toml", "--quiet")
    assert (code, len(stderr.splitlines())) == (1, 1)
    assert "db" in stderr
    assert sorted(client.instances()) == ["web-1", "web-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[instances.a]\nimagge = 'busybox'\n", "[instances.a] has the unknown key 'imagge': use"),
        ("[profiles.a]\ncount = 1\n", "[profiles.a] has the unknown key 'count': use"),
        ("[instnaces.a]\n", "the file has the unknown key 'instnaces': use"),
        ("[instances]\na = 1\n", "[instances.a] has to be a table"),
        ("[instances.a]\ncount = 'two'\n", "its count a number"),
        ("[instances.a\n", "Expected ']'"),
        ("[instances.a]\n", "image"),
    ],
)
def test_provision_refuses_tables_that_make_no_sense(run, client, tmp_path, text, said):
    (tmp_path / "table.toml").write_text(text)
    code, _, stderr = run("provision.py", tmp_path / "table.toml", "--quiet")
    assert code == 1
    assert stderr.startswith("provision: ")
    assert said in stderr
    assert client.instances() == []


# snapshots.py


def test_snapshots_roll(run, client):
    client.create_instance("web", alias="busybox")
    old = [f"auto-2020010{day}-000000" for day in (1, 2, 3)]
    for name in ("mine", "auto-fix", *reversed(old), "hourly-20200101-000000"):
        client.create_snapshot("web", name)
    code, stdout, stderr = run("snapshots.py", "--keep", 2, "--days", 1)
    assert (code, stderr) == (0, "")
    taken = re.match(r"web: took (auto-\d{8}-\d{6})\n", stdout)[1]
    assert set(client.snapshots("web")) == {
        "mine",
        "auto-fix",
        old[2],
        taken,
        "hourly-20200101-000000",
    }
    assert stdout.splitlines()[1:] == [f"web: deleted {name}" for name in old[:2]]


def test_snapshots_expire(run, server, client):
    client.create_instance("web", alias="busybox")
    run("snapshots.py", "--days", 1)
    run("snapshots.py", "--days", 0, "--prefix", "ever")
    [auto, ever] = sorted(client.snapshots("web", recursion=1), key=lambda one: one.name)
    assert auto.expires_at - datetime.now(UTC) > timedelta(hours=23)
    assert ever.expires_at is None
    server.clock.advance(25 * 3600)
    assert client.snapshots("web") == [ever.name]


def test_snapshots_of_the_others_are_still_taken(run, client):
    client.create_instance("web", alias="busybox")
    code, stdout, stderr = run("snapshots.py", "none", "web")
    assert (code, stdout[:14]) == (1, "web: took auto")
    assert stderr.startswith("snapshots: none: ")
    assert len(client.snapshots("web")) == 1


@pytest.mark.parametrize(
    ("name", "option", "said"),
    [
        ("backup.py", ("x", "--keep", 0), "--keep must be 1 or more"),
        ("fleet.py", ("--jobs", 0, "true"), "--jobs must be 1 or more"),
        ("fleet.py", ("--timeout", 0, "true"), "--timeout must be above 0"),
        ("snapshots.py", ("--days", 1e9), "--days must be from 0 to 36500"),
        ("snapshots.py", ("--keep", 0), "--keep must be 1 or more"),
        ("watch.py", ("--count", 0), "--count must be 1 or more"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(run, name, option, said):
    code, _, stderr = run(name, *option)
    assert (code, said in stderr) == (2, True)


# fleet.py


def test_fleet_runs_everywhere(run, webs):
    code, stdout, stderr = run("fleet.py", "--", "sh", "-c", "uname -n; echo two; echo bad >&2")
    assert code == 0
    assert sorted(stdout.splitlines()) == sorted(
        f"{name}: {line}" for name in WEBS for line in (name, "two")
    )
    assert sorted(stderr.splitlines()) == [
        "fleet: 3 of 3 succeeded",
        *[f"{name}: bad" for name in WEBS],
    ]


def test_fleet_runs_at_the_same_time(run, server, webs):
    meeting = threading.Barrier(3, timeout=60)
    server.add_command("meet", lambda command: f"{meeting.wait() >= 0}\n")
    code, stdout, _ = run("fleet.py", "meet")
    assert (code, stdout.count("True")) == (0, 3)


def test_fleet_says_where_it_failed(run, webs):
    code, _, stderr = run("fleet.py", "--", "sh", "-c", "test $(uname -n) != web-2 || exit 7")
    assert code == 1
    assert stderr == "fleet: web-2: ended with 7\nfleet: 2 of 3 succeeded\n"


def test_fleet_kills_what_takes_too_long(run, webs):
    code, _, stderr = run("fleet.py", "--match", "*-3", "--timeout", 0.2, "sleep", 1000)
    assert code == 1
    assert stderr == (
        "web-3: sleep 1000 in web-3 took longer than 0.2 seconds.\n"
        "fleet: web-3: did not end\nfleet: 0 of 1 succeeded\n"
    )


def test_fleet_is_ended_while_commands_run(start, webs):
    code = "test $(uname -n) = web-1 || sleep 1000; uname -n"
    running = start("fleet.py", "--", "sh", "-c", code)
    assert running.stdout.readline() == "web-1: web-1\n"
    time.sleep(0.5)  # until it waits for the others
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=60) == ("", "")
    assert running.returncode == 130


@pytest.mark.parametrize("name", ["fleet.py -- seq 100000", "watch.py --action profile-*"])
def test_readers_who_have_seen_enough(start, client, webs, name):
    printing = start(*name.split())
    if name.startswith("watch"):
        printing.stderr.readline()
        for profile in ("a", "b"):
            client.create_profile(profile)
    printing.stdout.readline()
    printing.stdout.close()
    for profile in ("c", "d"):
        client.create_profile(profile)
    assert printing.stderr.read() == ""


def test_fleet_of_none_is_told(run, webs):
    code, _, stderr = run("fleet.py", "--match", "off", "uname")
    assert (code, stderr) == (1, "fleet: no instance that runs has a name like off\n")


# backup.py


def test_backup_makes_files_that_can_be_restored(run, client, webs, tmp_path):
    client.write_file("web-1", "/root/notes", content="kept")
    code, stdout, stderr = run("backup.py", tmp_path / "new", "web-1", "off")
    assert (code, stderr) == (0, "")
    files = {re.sub(r"-\d{8}T\d{6}Z", "", one.name): one for one in (tmp_path / "new").iterdir()}
    assert sorted(files) == ["off.tar.gz", "web-1.tar.gz"]
    assert {one.stat().st_mode & 0o777 for one in files.values()} == {0o600}
    assert all(f"{one}: {one.stat().st_size} bytes, " in stdout for one in files.values())
    client.import_instance(files["web-1.tar.gz"], name="again")
    assert client.read_file("again", "/root/notes") == b"kept"
    assert client.instance_backups("web-1") == []


def test_backup_keeps_the_last_few(run, client, webs, tmp_path):
    old = [f"web-1-2020010{day}T000000Z.tar.gz" for day in (1, 2, 3)]
    kept = ["web-20200101T000000Z.tar.gz", "web-1-of-mine.tar.gz", "web-1-20200101T000000Z.txt"]
    for name in (*old, *kept):
        (tmp_path / name).touch()
    code, _, _ = run("backup.py", tmp_path, "web-1", "--keep", 2)
    there = {one.name for one in tmp_path.iterdir()}
    assert (code, len(there)) == (0, 5)
    assert there > {*kept, old[2]}


@pytest.mark.parametrize("how", ["cut", "truncated", "flipped", "no gzip", "no backup"])
def test_backup_keeps_no_file_that_is_not_whole(run, server, client, webs, tmp_path, how):
    if how == "cut":
        server.faults.drop(after=1500, path="*/export", times=None)
    else:
        body = bad_backup(client, tmp_path / "whole", how)
        server.faults.malformed(
            body, content_type="application/octet-stream", path="*/web-1/*/export"
        )
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "web-1-20200101T000000Z.tar.gz").touch()
    code, stdout, stderr = run("backup.py", folder, "web-1", "--keep", 1)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("backup: web-1: ")
    assert "Traceback" not in stderr
    assert [one.name for one in folder.iterdir()] == ["web-1-20200101T000000Z.tar.gz"]


def bad_backup(client, place, how):
    if how == "no gzip":
        return b"this is no backup"
    if how == "no backup":
        with tarfile.open(place, "w:gz") as archive:
            archive.add(__file__, "file")
        return place.read_bytes()
    whole = client.export_instance("web-1", place).read_bytes()
    if how == "truncated":
        return whole[:-6]
    plain = gzip.decompress(whole)
    flipped = bytes([plain[-1] ^ 1])  # after the archive's end: only the checksum tells
    return gzip.compress(plain[:-1] + flipped, 1)[:-8] + gzip.compress(plain, 1)[-8:]


# watch.py


def test_watch_prints_what_is_wanted(start, client, webs):
    watching = start("watch.py", "--action", "instance-*", "--source", "*/web-*", "--count", 2)
    assert watching.stderr.readline() == "watch: listening\n"
    client.create_profile("other")
    client.start_instance("off")
    client.stop_instance("web-1", force=True)
    client.stop_instance("web-2", force=True)
    stdout, stderr = watching.communicate(timeout=60)
    assert (watching.returncode, stderr) == (0, "")
    assert [line.split(" ", 1)[1] for line in stdout.splitlines()] == [
        f"default lifecycle instance-stopped /1.0/instances/{name}" for name in ("web-1", "web-2")
    ]


def test_watch_comes_back_after_a_restart(start, server, client):
    watching = start("watch.py", "--source", "*/profiles/*", "--timeout", 30)
    watching.stderr.readline()
    client.create_profile("a")
    assert "profile-created" in watching.stdout.readline()
    server.restart()
    assert "gap something may have been missed: " in watching.stdout.readline()
    client.create_profile("b")
    assert "/1.0/profiles/b" in watching.stdout.readline()


def test_watch_prints_json_and_ends_when_all_is_quiet(start, client):
    watching = start("watch.py", "--json", "--types", "lifecycle", "operation", "--timeout", 2)
    watching.stderr.readline()
    client.create_instance("web", empty=True)
    stdout, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    events = [json.loads(line) for line in stdout.splitlines()]
    assert {one["type"] for one in events} == {"lifecycle", "operation"}
    assert "instance-created" in {one["metadata"].get("action") for one in events}


def test_watch_says_what_the_server_refuses(run, client):
    code, _, stderr = run("watch.py", "--types", "nonsense")
    assert code == 1
    assert stderr.startswith("watch: ")


# exporter.py


def test_exporter_reads_many_servers(run, server, webs):
    with Server("incus-7") as second:
        second.client().launch_instance("db", alias="busybox")
        code, stdout, stderr = run("exporter.py", "--once", f"a={server.url}", f"b={second.url}")
    assert (code, stderr) == (0, "")
    prefix = server.flavour.partition("-")[0]
    assert 'hyperkit_up{server="a"} 1.0' in stdout
    where = 'project="default",server="a",type="container"} 4.294967296e+09\n'
    assert f'\n{prefix}_memory_MemTotal_bytes{{name="web-1",{where}' in stdout
    assert '\nincus_procs_total{name="db",project="default",server="b"' in stdout


def test_exporter_shows_the_others_where_one_is_down(run, server, tmp_path):
    code, stdout, stderr = run("exporter.py", "--once", f"a={server.url}", f"b={tmp_path}/none")
    assert code == 1
    assert '\nhyperkit_up{server="a"} 1.0\nhyperkit_up{server="b"} 0.0\n' in stdout
    assert stderr == f"exporter: b: There is no socket at {tmp_path}/none.\n"


def test_exporter_serves(start, client, webs):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    serving = start("exporter.py", "--port", port)
    url = serving.stdout.readline().removeprefix("exporter: ").strip()
    for name in ("web-1", "new"):
        client.launch_instance("new", alias="busybox") if name == "new" else None
        with urllib.request.urlopen(url) as answer:
            assert f'_procs_total{{name="{name}"' in answer.read().decode()


def test_exporter_says_that_its_port_is_taken(run, server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, stderr = run("exporter.py", "--port", port)
    assert code == 1
    assert stderr.startswith(f"exporter: port {port}: ")


@pytest.mark.parametrize("server_given", ["https://host:8443", "a=", "=unix:///x"])
def test_exporter_wants_names(run, server_given):
    code, _, stderr = run("exporter.py", server_given)
    assert code == 2
    assert "NAME=URL" in stderr
