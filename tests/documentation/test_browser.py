"""The built manual in a browser: each page, wide and narrow, its links and the search."""

import http.server
import subprocess
import sys
import threading
from functools import partial
from inspect import getmembers, isfunction
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from documentation.browser import browser, found

import hyperkit

ROOT = Path(__file__).parent.parent.parent
WIDTHS = {"wide": 1400, "narrow": 390}
# What a page says of itself: links, places, the form of the search, how wide it is.
LOOK = """(() => ({
    links: [...document.querySelectorAll("a[href]")].map((one) => one.href),
    places: [...document.querySelectorAll("[id]")].map((one) => one.id),
    search: [...document.querySelectorAll("form input[name=q]")].map((one) => one.form.action),
    pictures: [...document.images].filter((one) => !one.naturalWidth).map((one) => one.src),
    title: document.title,
    width: document.documentElement.scrollWidth,
}))()"""
RESULTS = '[...document.querySelectorAll("#search-results li a")].map((one) => one.href)'

pytestmark = pytest.mark.skipif(found() is None, reason="no Chromium is here")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """Build the manual."""
    pytest.importorskip("furo", reason="Sphinx and furo are not installed")
    folder = tmp_path_factory.mktemp("manual")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", ROOT / "docs", folder],
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def base(manual):
    """Serve the manual; give its address."""
    handler = partial(Handler, directory=manual)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def page():
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def seen(manual, base, page):
    """Look at each page of the manual, in both widths."""
    names = sorted(path.relative_to(manual).as_posix() for path in manual.rglob("*.html"))
    names = [name for name in names if not name.startswith("_static/")]
    looks = {}
    for width, pixels in WIDTHS.items():
        for name in names:
            page.open(base + name, pixels)
            look = page.run(LOOK)
            looks[name, width] = look | {"complaints": list(page.complaints)}
    return looks


def test_no_errors(seen):
    assert {one: look["complaints"] for one, look in seen.items() if look["complaints"]} == {}
    assert {one: look["pictures"] for one, look in seen.items() if look["pictures"]} == {}
    assert len(seen) > 200


def test_every_method_has_its_place(seen):
    places = {
        place
        for (name, _), look in seen.items()
        if name.startswith("methods/")
        for place in look["places"]
    }
    public = [name for name, _ in getmembers(hyperkit.Client, isfunction) if name[0] != "_"]
    assert [name for name in public if f"hyperkit.Client.{name}" not in places] == []


def broken_links(seen, base):
    """Find links within the manual that lead to no page, or to no place in it."""
    places = {name: set(look["places"]) for (name, _), look in seen.items()}
    broken = set()
    for (name, _), look in seen.items():
        for link in look["links"]:
            address, place = urldefrag(link)
            if not address.startswith(base):
                continue
            there = places.get(unquote(address.removeprefix(base)) or "index.html")
            if there is None or (place and unquote(place) not in there):
                broken.add((name, link.removeprefix(base)))
    return broken


def test_links(seen, base):
    assert broken_links(seen, base) == set()
    assert sum(len(look["links"]) for look in seen.values()) > 10000


def test_broken_links_are_found():
    links = ["http://here/b.html", "http://here/b.html#no", "http://here/c.html", "http://x/"]
    looks = {"a.html": {"links": links, "places": []}, "b.html": {"links": [], "places": ["yes"]}}
    broken = broken_links({(name, "wide"): look for name, look in looks.items()}, "http://here/")
    assert broken == {("a.html", "b.html#no"), ("a.html", "c.html")}


def test_search_is_on_each_page(seen, base):
    wanted = f"{base}search.html"
    pages = {one: look for one, look in seen.items() if one[0] != "search.html"}
    assert [one for one, look in pages.items() if wanted not in look["search"]] == []


def test_nothing_is_wider_than_the_screen(seen):
    wide = {one: look["width"] for one, look in seen.items() if look["width"] > WIDTHS[one[1]]}
    assert wide == {}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("create_network_acl", "methods/network_acls.html#hyperkit.Client.create_network_acl"),
        ("OperationFailed", "exceptions.html#hyperkit.errors.OperationFailed"),
        ("auto_sync", "operations.html"),
        ("pylxd", "from-pylxd.html"),
    ],
)
def test_search_finds(base, page, words, wanted):
    page.open(base + "index.html")
    page.follow(
        f'const box = document.querySelector("form input[name=q]"); box.value = "{words}";'
        " box.form.submit()"
    )
    page.wait_until('document.querySelector("#search-results p.search-summary") !== null')
    page.wait_until(f'{RESULTS}.some((one) => one.startsWith("{base}{wanted}"))')
    assert page.complaints == []


def test_what_is_broken_is_found(manual, base, page):
    """The browser complains of what is wrong, or none of these tests could fail."""
    broken = manual / "_static" / "broken.html"
    broken.write_text('<script src="nowhere.js"></script><script>nothing.at.all()</script>')
    page.open(f"{base}_static/broken.html")
    assert "nowhere.js" in str(page.complaints)
    assert "nothing is not defined" in str(page.complaints)
