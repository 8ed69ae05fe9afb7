"""The endpoints of LXD and Incus, and the methods that reach them: ``endpoints.tsv``."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parent / "endpoints.tsv"


class Endpoint(NamedTuple):
    """One of the API's endpoints, of LXD's or Incus' newest release or of both.

    `query` and `body` are what its methods can send (``project`` goes with every request),
    `extension` what a server needs for it, `hyperkit` the methods that reach it.
    """

    method: str
    path: str
    query: frozenset
    body: frozenset
    lxd: bool
    incus: bool
    lxd_5_0: bool
    incus_6_0: bool
    extension: str
    hyperkit: tuple

    def __str__(self):
        return f"{self.method} {self.path}"

    @property
    def shape(self):
        """The path as a pattern."""
        return re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(self.path)))

    def served_by(self, server):
        return {"lxd": self.lxd_5_0, "incus": self.incus_6_0, "incus7": self.incus}[server]


def load():
    with TABLE.open(newline="") as table:
        return [endpoint(row) for row in csv.DictReader(table, delimiter="\t")]


def endpoint(row):
    words = {name: frozenset(row.pop(name).split()) for name in ("query", "body")}
    flags = {name: row.pop(name) == "yes" for name in ("lxd", "incus", "lxd_5_0", "incus_6_0")}
    return Endpoint(**words, **flags, **(row | {"hyperkit": tuple(row["hyperkit"].split())}))


def find(method, path):
    """Find the endpoint of a request; words win over names: ``images/aliases``."""
    fitting = [one for one in ENDPOINTS if one.method == method and one.shape.fullmatch(path)]
    return min(fitting, key=lambda one: one.path.count("{"), default=None)


ENDPOINTS = load()
