"""Variables of the firmware: two servers, two forms."""

import datetime as dt

import pytest
from unit.double import greet

import hyperkit

GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
NVRAM = "/1.0/instances/web/nvram"
TIMEOUT = {"attributes": ["NON_VOLATILE"], "binary": "BQA=", "data": 5}


@pytest.fixture
def incus(met):
    """A client of an Incus that has all of it."""
    return met("instance_nvram", "instance_nvram_bulk_update", server="incus")


def test_lists_are_names_or_variables(incus, double):
    double.expect("GET", NVRAM, [f"{NVRAM}/{GUID}"])
    assert incus.instance_nvram("web") == [GUID]
    double.expect("GET", NVRAM, {GUID: [f"{NVRAM}/{GUID}/Boot%200"]}, query={"recursion": "1"})
    assert incus.instance_nvram("web", recursion=1) == {GUID: ["Boot 0"]}
    double.expect("GET", NVRAM, {GUID: {"Timeout": TIMEOUT}}, query={"recursion": "2"})
    assert incus.instance_nvram("web", recursion=2)[GUID]["Timeout"].data == 5
    double.expect("GET", f"{NVRAM}/{GUID}", [f"{NVRAM}/{GUID}/Timeout"])
    assert incus.instance_nvram("web", GUID) == ["Timeout"]
    double.expect("GET", f"{NVRAM}/{GUID}", {"Timeout": TIMEOUT}, query={"recursion": "1"})
    assert incus.instance_nvram("web", GUID, recursion=1)["Timeout"].binary == "BQA="


def test_a_variable_is_written_as_what_it_means(incus, double):
    usual = ["NON_VOLATILE", "BOOTSERVICE_ACCESS", "RUNTIME_ACCESS"]
    body = {"attributes": usual, "data": 5}
    double.expect("PUT", f"{NVRAM}/{GUID}/Timeout", body=body)
    incus.update_instance_nvram_variable("web", GUID, "Timeout", data=5, etag='"x"')
    assert double.headers[-1]["If-Match"] == '"x"'


def test_a_variable_is_written_as_bytes_with_headers(incus, double):
    double.expect("PUT", f"{NVRAM}/{GUID}/db", body="key")
    incus.update_instance_nvram_variable(
        "web",
        GUID,
        "db",
        attributes=["NON_VOLATILE", "TIME_BASED_AUTHENTICATED_WRITE_ACCESS"],
        binary=b"key",
        timestamp=dt.datetime(2040, 1, 1, tzinfo=dt.UTC),
    )
    sent = double.headers[-1]
    assert sent["Content-Type"] == "application/octet-stream"
    assert (sent["X-Incus-attributes"], sent["X-Incus-timestamp"]) == ("33", "2208988800")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"binary": b"a", "data": 1},
        {"binary": b"a", "attributes": ["VOLATILE"]},
        {"binary": b"a", "timestamp": dt.datetime(2040, 1, 1)},
    ],
)
def test_bad_arguments_send_nothing(bare, arguments):
    with pytest.raises(hyperkit.ArgumentError):
        bare.update_instance_nvram_variable("web", GUID, "db", **arguments)


def test_several_variables_are_changed_at_once(incus, double):
    body = {GUID: {"Timeout": {"data": 5}, "BootNext": None}}
    double.expect("PATCH", NVRAM, body=body)
    incus.patch_instance_nvram("web", variables=body)


def test_names_are_quoted_whole(incus, double):
    double.expect("DELETE", f"{NVRAM}/{GUID}/a%2Fb%3F")
    incus.delete_instance_nvram_variable("web", GUID, "a/b?")
    with pytest.raises(hyperkit.InvalidName):
        incus.delete_instance_nvram_variable("web", GUID, "..")


def test_a_server_without_firmware_is_not_asked(client):
    with pytest.raises(hyperkit.MissingExtension, match="instance_nvram"):
        client.instance_nvram("web")
    with pytest.raises(hyperkit.MissingExtension, match="instances_uefi_vars"):
        client.instance_uefi_vars("web")


def test_an_edit_on_lxd_writes_all_variables(bare, double):
    greet(double, "instances_uefi_vars")
    variables = {f"BootNext-{GUID}": {"attr": 7, "data": "01", "digest": "", "timestamp": ""}}
    double.expect("GET", "/1.0/instances/web/uefi-vars", {"variables": variables})
    double.expect("PUT", "/1.0/instances/web/uefi-vars", body={"variables": {}})
    with bare.edit_instance_uefi_vars("web") as firmware:
        assert firmware.variables[f"BootNext-{GUID}"].attr == 7
        firmware.variables.clear()
    double.expect("PUT", "/1.0/instances/web/uefi-vars", body={"variables": variables})
    bare.update_instance_uefi_vars("web", variables=variables)
