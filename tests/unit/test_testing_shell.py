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
