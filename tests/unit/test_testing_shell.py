"""The shell of the embedded server's instances."""

import pytest

from hyperkit.testing import Server


@pytest.fixture(scope="module")
def web():
    with Server() as server, server.client() as client:
        client.launch_instance("web", alias="busybox")
        yield client


@pytest.mark.parametrize(
    ("program", "stdout", "code"),
    [
        ("echo a b   c", "a b c\n", 0),
        ("echo 'a  b' \"c  $HOME\" d\\ e", "a  b c  /root d e\n", 0),
        ('A=1; B=$A$A; echo $B ${C:-none} "${A}x"', "11 none 1x\n", 0),
        ("A='x y'; for w in $A z; do echo [$w]; done", "[x]\n[y]\n[z]\n", 0),
        ("false && echo a || echo b; true && echo c", "b\nc\n", 0),
        ("! false; echo $?", "0\n", 0),
        (
            "if [ -d /etc ]; then echo yes; elif true; then echo no; else echo never; fi",
            "yes\n",
            0,
        ),
        ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i + 1)); done", "0\n1\n2\n", 0),
        ("i=0; until [ $i = 2 ]; do i=$((i+1)); done; echo $i $((7 / 2 * 2))", "2 6\n", 0),
        ("echo one >/tmp/f; echo two >>/tmp/f; cat </tmp/f; rm /tmp/f", "one\ntwo\n", 0),
        ("(cd /tmp; pwd); pwd", "/tmp\n/root\n", 0),
        ("HOME=/nope; cd || echo nowhere", "nowhere\n", 0),
        ("{ echo a; echo b >&2; } 2>&1 | wc -l", "2\n", 0),
        ("echo $(echo in `echo deep`)", "in deep\n", 0),
        ("set -- a b; shift; echo $1 $#", "b 1\n", 0),
        ("mkdir -p /tmp/g; touch /tmp/g/x /tmp/g/y; echo /tmp/g/*; rm -r /tmp/g", None, 0),
        ("seq 3 | while read n; do echo n$n; done", "n1\nn2\nn3\n", 0),
        ("printf '%s-%s\\n' a b c d", "a-b\nc-d\n", 0),
        ("echo hello | tr a-z A-Z", "HELLO\n", 0),
        ("echo hello | tr -d l", "heo\n", 0),
        ("printf 'b\\na\\n' | grep -v a | head -n 1", "b\n", 0),
        ("yes | head -n 2", "y\ny\n", 0),
        ("nope; echo $?", "127\n", 0),
        ("/etc/hosts; echo $?", "126\n", 0),
        ("exit 300", "", 44),
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n", 0),
        ("kill -TERM $$; echo never", "", 143),
        ("sleep 5 & echo now", "now\n", 0),
        ("uname -n; hostname; id -u", "web\nweb\n0\n", 0),
        ("cat /nope || echo gone", "gone\n", 0),
        ("echo '#!/bin/sh\necho script $1' >/tmp/s; chmod +x /tmp/s; /tmp/s x", "script x\n", 0),
        ("set -e; echo a; false; echo b", "a\n", 1),
        ("set -e; false || echo b; ! true; if false; then :; fi; echo c", "b\nc\n", 0),
        ("set -e; (false; echo a); echo b", "", 1),
        ("set -e; f=$(false); echo b", "", 1),
        ("set -e; set +e; false; echo b", "b\n", 0),
        ("set -e; while false; do :; done; false && true; echo c", "c\n", 0),
        ("sh -ec 'false; echo b'; echo $?", "1\n", 0),
        ("sh -e -c 'false; echo b'; sh -lc 'echo c $0'", "c sh\n", 0),
        ("echo '#!/bin/sh -e\nfalse\necho b' >/tmp/e; chmod +x /tmp/e; /tmp/e", "", 1),
        ("set -u; echo ${A:-} ${A:-x} $#; echo $A; echo b", "x 0\n", 2),
        ("set -u; A=; echo [$A]", "[]\n", 0),
        ("exec 2>&1; { set -x; A=1 echo 'a b'; } 2>&1", "+ A=1 echo 'a b'\na b\n", 0),
        ("set -euo pipefail; false | true; echo b", "", 1),
        ("set -o pipefail; true | true && echo b", "b\n", 0),
        ("false | true; echo $?", "0\n", 0),
        ("set -k; echo b", "", 2),
        ("sh -k -c true", "", 2),
        ("sh /nope 2>&1", "sh: can't open '/nope': No such file or directory\n", 2),
        ("echo ${A%x}", "", 2),
        ("case x in x) echo a;; esac", "", 2),
        ("echo 'unfinished", "", 2),
        ("for x in a b; do echo $x", "", 2),
    ],
)
def test_programs(web, program, stdout, code):
    done = web.run("web", ["sh", "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.returncode) == (done.stdout if stdout is None else stdout, code)
    if stdout is None:
        assert "/tmp/g/x /tmp/g/y" in done.stdout


LINES = "printf 'b 2\\na 10\\nb 2\\n'"


@pytest.mark.parametrize(
    ("program", "stdout"),
    [
        (f"{LINES} | grep -c b", "2\n"),
        (f"{LINES} | grep -vn b", "2:a 10\n"),
        (f"{LINES} | grep -o '[0-9]*'", "2\n10\n2\n"),
        (f"{LINES} | grep -e a", "a 10\n"),
        (f"{LINES} | sort", "a 10\nb 2\nb 2\n"),
        (f"{LINES} | sort -ru", "b 2\na 10\n"),
        ("seq 8 2 12 | sort -n | tail -n +2", "10\n12\n"),
        (f"{LINES} | uniq -c | wc -l", "3\n"),
        (f"{LINES} | cut -d ' ' -f 2", "2\n10\n2\n"),
        ("echo abcdef | cut -c 1,3-4", "acd\n"),
        ("echo a | tee /tmp/t; echo b | tee -a /tmp/t; cat /tmp/t; rm /tmp/t", "a\nb\na\nb\n"),
        ("echo hello | tail -c 3; echo hello | head -c 2", "lo\nhe"),
        ("seq 5 | tail -2 | head -1", "4\n"),
        ("date -u +%Y | grep -c 20", "1\n"),
        ("echo -e 'a\\tb'; echo -n c", "a\tb\nc"),
        ("env A=1 sh -c 'echo $A'", "1\n"),
        ("id -un; basename /a/b.txt .txt", "root\nb\n"),
        ("mkdir /tmp/h; cd /tmp/h; echo >.h; ls; ls -A; rm -r /tmp/h", ".h\n"),
        (
            "mkdir -p /tmp/d/e; chmod -R 700 /tmp/d; ls -l /tmp/d | grep -c drwx------; rm -r /tmp/d",
            "1\n",
        ),
        (
            "mkdir /tmp/d; cp /tmp/d /tmp/c || echo no; cp -r /tmp/d /tmp/c; ls -d /tmp/c",
            "no\n/tmp/c\n",
        ),
    ],
)
def test_options_of_commands(web, program, stdout):
    done = web.run("web", ["sh", "-c", program], capture_output=True, text=True, timeout=20)
    assert done.stdout == stdout


def test_a_long_list_shows_what_files_are(web):
    web.write_file("web", "/srv/a", content="four", mode=0o640, uid=7)
    done = web.run("web", ["ls", "-l", "/srv"], capture_output=True, text=True)
    total, line = done.stdout.splitlines()
    assert total == "total 4"
    assert line.split()[:5] == ["-rw-r-----", "1", "7", "root", "4"]
    assert line.endswith(" a")


@pytest.mark.parametrize(
    ("args", "stderr"),
    [
        (["ls", "-z"], "ls: unrecognized option: z\n"),
        (["ls", "--color"], "ls: unrecognized option: color\n"),
        (["grep", "-P", "a"], "grep: unrecognized option: P\n"),
        (["head", "-n"], "head: option requires an argument: n\n"),
        (["date", "-d", "now"], "date: unrecognized option: d\n"),
        (["tail", "-c", "x"], "tail: the embedded server's tail does not understand '-c x'\n"),
        (["wc", "/nope"], "wc: /nope: No such file or directory\n"),
    ],
)
def test_what_a_command_does_not_know_it_says(web, args, stderr):
    done = web.run("web", args, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, 1)


def test_what_it_does_not_know_it_says(web):
    done = web.run("web", ["sh", "-c", "cat <<EOF\na\nEOF"], capture_output=True)
    assert b"here-documents" in done.stderr


def test_an_unset_variable_and_a_failed_substitution_are_told(web):
    done = web.run("web", ["sh", "-uc", "a=$(cat /nope); echo $B"], capture_output=True, text=True)
    assert "/nope" in done.stderr
    assert "sh: B: parameter not set" in done.stderr


def test_addresses(web):
    done = web.run("web", ["hostname", "-I"], capture_output=True, text=True)
    state = web.instance_state("web")
    assert done.stdout.split()[0] == state.network.eth0.addresses[0].address


def test_background_commands_do_not_outlive_a_stop(web):
    with web.popen("web", ["sh", "-c", "echo a; sleep 60"]) as process:
        assert process.stdout.readline() == b"a\n"
        web.stop_instance("web", force=True)
        assert process.wait(10) == 137
    web.start_instance("web")
