"""Files in instances."""

import io
import os
import stat
from pathlib import Path, PurePosixPath

import pytest

import hyperkit


@pytest.fixture
def instance(client, name):
    """A container that need not run."""
    client.create_container(name, alias="busybox")
    return name


def test_write_read_append(client, instance):
    client.write_file(instance, "/root/a", content="grün\n", mode=0o640, uid=5, gid=6)
    client.write_file(instance, "/root/a", content=io.BytesIO(b"\x00\xff"), append=True)
    assert client.read_file(instance, "/root/a") == b"gr\xc3\xbcn\n\x00\xff"
    found = client.file_info(instance, "/root/a")
    assert (found.type, found.mode, found.uid, found.gid) == ("file", 0o640, 5, 6)
    assert found.size in {None, 8}
    client.delete_file(instance, "/root/a")
    with pytest.raises(hyperkit.NotFound):
        client.file_info(instance, "/root/a")


def test_links_are_followed_when_read_and_shown_when_looked_at(client, instance):
    client.write_file(instance, "/root/a", content="seen")
    client.make_symlink(instance, "a", "/root/b")
    client.make_symlink(instance, "/root/b", "/root/c")
    client.make_symlink(instance, "round", "/root/round")
    assert client.read_file(instance, "/root/c") == b"seen"
    assert client.file_info(instance, "/root/c").type == "symlink"
    with pytest.raises(hyperkit.ArgumentError, match="symbolic links"):
        client.read_file(instance, "/root/round")


def test_folders(client, instance):
    client.make_directory(instance, "/root/x/y z/ä", parents=True, mode=0o750)
    assert client.list_directory(instance, "/root/x") == ["y z"]
    assert client.list_directory(instance, "/root/x/y z") == ["ä"]
    assert client.file_info(instance, "/root/x/y z/ä").mode == 0o750
    for call in (client.read_file, client.list_directory):
        with pytest.raises(hyperkit.NotFound):
            call(instance, "/root/nothing")
    with pytest.raises(hyperkit.ArgumentError, match="is a directory"):
        client.read_file(instance, "/root/x")
    with pytest.raises(hyperkit.NotFound):
        client.make_directory(instance, "/root/p/q")


def test_push_and_pull(client, instance, tmp_path):
    source, dest = tmp_path / "source", tmp_path / "dest"
    source.write_bytes(b"#!/bin/sh\n")
    source.chmod(0o755)
    told = []
    client.push_file(source, instance, "/root/a?b#c%d", on_progress=lambda *a: told.append(a))
    assert told == [(10, 10, "/root/a?b#c%d")]
    dest.write_bytes(b"old")
    assert client.pull_file(instance, "/root/a?b#c%d", dest) == dest
    assert (dest.read_bytes(), stat.S_IMODE(dest.stat().st_mode)) == (b"#!/bin/sh\n", 0o755)
    memory = io.BytesIO()
    assert client.pull_file(instance, "/root/a?b#c%d", memory) is memory
    assert memory.getvalue() == b"#!/bin/sh\n"
    with pytest.raises(hyperkit.NotFound):
        client.pull_file(instance, "/root/nothing", dest)
    assert dest.read_bytes() == b"#!/bin/sh\n"
    assert sorted(os.listdir(tmp_path)) == ["dest", "source"]


def tree(root):
    """What is in a folder: permissions, and content or target."""
    found = {}
    for entry in root.rglob("*"):
        mode = stat.S_IMODE(entry.lstat().st_mode)
        if entry.is_symlink():
            found[entry.relative_to(root)] = os.readlink(entry)
        elif entry.is_dir():
            found[entry.relative_to(root)] = mode
        else:
            found[entry.relative_to(root)] = mode, entry.read_bytes()
    return found


def test_whole_folders(client, instance, tmp_path):
    source = tmp_path / "source"
    (source / "empty").mkdir(parents=True)
    (source / "sub" / "deep").mkdir(parents=True)
    (source / "sub" / "deep" / "f?#%.txt").write_text("x" * 1000)
    (source / "sub" / "run").write_text("#!")
    (source / "sub" / "run").chmod(0o700)
    (source / "sub").chmod(0o711)
    (source / "link").symlink_to("sub/deep")
    (source / "gone").symlink_to("/no/where")
    told = []
    client.push_directory(source, instance, "/root/t", on_progress=lambda *a: told.append(a))
    assert told[-1][:2] == (1002, 1002)
    client.pull_directory(instance, "/root/t", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)
    with pytest.raises(FileExistsError):
        client.push_directory(source, instance, "/root/t")
    with pytest.raises(FileExistsError):
        client.pull_directory(instance, "/root/t", tmp_path / "back")


def test_a_file_that_cannot_be_pushed_does_not_lose_the_others(client, instance, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("a")
    os.mkfifo(source / "pipe")
    (source / "z").write_text("z")
    with pytest.raises(ExceptionGroup) as caught:
        client.push_directory(source, instance, "/root/t")
    [fault] = caught.value.exceptions
    assert "pipe" in str(fault)
    assert client.list_directory(instance, "/root/t") == ["a", "z"]


@pytest.mark.live_only
def test_a_folder_goes_into_one_that_is_there(client, instance, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "a").write_text("old")
    (source / "link").symlink_to("sub")
    with pytest.raises(hyperkit.NotFound, match="no folder /root/p/q"):
        client.push_directory(source, instance, "/root/p/q/t")
    client.push_directory(source, instance, PurePosixPath("/root/p/q/t"), parents=True)
    assert client.file_info(instance, "/root/p/q").mode == 0o755
    client.write_file(instance, "/root/p/q/t/own", content="stays")
    (source / "sub" / "a").write_text("new")
    (source / "sub" / "b").write_text("b")
    (source / "link").unlink()
    (source / "link").symlink_to("sub/b")
    client.push_directory(source, instance, "/root/p/q/t", merge=True)
    assert client.list_directory(instance, "/root/p/q/t") == ["link", "own", "sub"]
    assert client.read_file(instance, "/root/p/q/t/sub/a") == b"new"
    assert client.read_file(instance, "/root/p/q/t/link") == b"b"
    dest = tmp_path / "dest"
    for _ in range(2):
        client.pull_directory(instance, "/root/p/q/t", dest, merge=True)
        (dest / "mine").write_text("mine")
        (dest / "sub" / "a").write_text("changed here")
    client.pull_directory(instance, "/root/p/q/t", dest, merge=True)
    assert sorted(os.listdir(dest)) == ["link", "mine", "own", "sub"]
    assert (dest / "sub" / "a").read_text() == "new"
    assert (dest / "link").readlink() == Path("sub/b")


@pytest.mark.live_only
def test_what_cannot_be_merged_is_told(client, instance, tmp_path):
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "link").symlink_to("folder")
    (source / "z").write_text("z")
    client.make_directory(instance, "/root/t/link", parents=True)
    client.write_file(instance, "/root/t/folder", content="no folder")
    with pytest.raises(ExceptionGroup) as caught:
        client.push_directory(source, instance, "/root/t", merge=True)
    assert len(caught.value.exceptions) == 2
    assert client.read_file(instance, "/root/t/z") == b"z"
    with pytest.raises(FileExistsError, match=f"already in {instance}, which merge=True"):
        client.push_directory(source, instance, "/root/t")
    (tmp_path / "dest" / "z").mkdir(parents=True)
    with pytest.raises(ExceptionGroup) as caught:
        client.pull_directory(instance, "/root/t", tmp_path / "dest", merge=True)
    [fault] = caught.value.exceptions
    assert isinstance(fault, IsADirectoryError)
    assert sorted(os.listdir(tmp_path / "dest")) == ["folder", "link", "z"]


@pytest.mark.live_only
def test_a_folder_is_deleted_with_all_that_is_in_it(client, instance):
    client.make_directory(instance, "/root/t/sub", parents=True)
    client.write_file(instance, "/root/t/sub/a", content="a")
    client.write_file(instance, "/root/kept", content="kept")
    client.make_symlink(instance, "/root", "/root/t/sub/up")
    with pytest.raises(hyperkit.InternalServerError):
        client.delete_file(instance, "/root/t")
    client.delete_file(instance, "/root/t", force=True)
    with pytest.raises(hyperkit.NotFound):
        client.file_info(instance, "/root/t")
    assert client.read_file(instance, "/root/kept") == b"kept"


@pytest.mark.live_only
def test_large_files_take_constant_memory(client, instance, tmp_path):
    resource = pytest.importorskip("resource")
    size = 1 << 30
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.push_file(tmp_path / "large", instance, "/root/large")
    client.pull_file(instance, "/root/large", tmp_path / "back")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (tmp_path / "back").stat().st_size == size
    assert after - before < 40 * 1024
