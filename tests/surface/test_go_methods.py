"""What the servers' own Go clients offer, this library offers."""

import csv
from pathlib import Path

import pytest

import hyperkit

TABLE = Path(__file__).parent / "go_methods.tsv"


def rows():
    with TABLE.open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["go"])
def test_it_has_an_equivalent(row):
    if row["hyperkit"] == "-":
        assert row["reason"]
    for name in row["hyperkit"].replace("-", "").split():
        assert hasattr(hyperkit.Client, name), name
