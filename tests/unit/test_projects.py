"""Projects: what a patch keeps, and what goes on in the background."""

from unit.double import greet, started


def test_a_patch_keeps_the_other_keys(bare, double):
    greet(double, "projects")
    found = {"config": {"features.images": "true", "user.a": "1"}, "description": "First"}
    double.expect("GET", "/1.0/projects/blue", found)
    body = {"config": {"features.images": "true", "user.a": "2", "user.b": "true"}}
    double.expect("PATCH", "/1.0/projects/blue", body=body)
    bare.patch_project("blue", config={"user.a": 2, "user.b": True})
    double.expect("GET", "/1.0/projects/blue", found)
    double.expect("PATCH", "/1.0/projects/blue", body=found | {"description": "Second"})
    bare.patch_project("blue", description="Second")


def test_a_project_is_deleted_in_the_background(bare, double):
    greet(double, "projects", "projects_force_delete")
    double.expect("DELETE", "/1.0/projects/blue", raw=started(), query={"force": "1"})
    double.expect_wait()
    assert bare.delete_project("blue", force=True).status == "Success"


def test_a_replica_is_promoted(bare, double):
    greet(double, "project_replica_mode")
    body = {"replica_mode": "leader"}
    url = "/1.0/projects/blue/state"
    double.expect("PUT", url, raw=started(), body=body, query={"force": "1"})
    bare.update_project_state("blue", force=True, replica_mode="leader", sync=False)
