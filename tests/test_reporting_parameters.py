import pytest

from workbench.errors import SettingsError
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.parameters import (
    Parameter,
    check_parameters,
    parse_assignments,
    read_parameters,
)


@pytest.fixture(scope="module")
def parameters():
    return read_parameters(report_notebooks()["engagement-benchmark"])


def faults_of(parameters, **given) -> str:
    with pytest.raises(SettingsError) as fault:
        check_parameters({"client": "Acme", "data_dir": "x", **given}, parameters)
    return "\n".join(fault.value.faults)


def test_a_notebook_declares_name_type_default_and_help(parameters):
    by_name = {parameter.name: parameter for parameter in parameters}
    assert by_name["shortlist"].type == "list[str]"
    assert by_name["last_posts"].default == 30
    assert by_name["client"].required


def test_defaults_are_filled_in(parameters):
    values = check_parameters({"client": "Acme", "data_dir": "x"}, parameters)
    assert values["edition"] == "named"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"clinet": "x"}, "clinet: unknown"),
        ({"client": ""}, "client: is required"),
        ({"last_posts": "30"}, "last_posts: expected int"),
        ({"last_posts": True}, "last_posts: expected int"),
        ({"last_posts": 0}, "expected 1 to 1000"),
        ({"shortlist": "a"}, "shortlist: expected list[str]"),
        ({"edition": "secret"}, "one of named, masked"),
        ({"as_of": "30/09/2026"}, "expected a date"),
        ({"as_of": "20260930"}, "expected a date"),
        ({"as_of": "2999-01-01"}, "in the future"),
        ({"tier_preset": "huge"}, "no tier preset 'huge'"),
        ({"confidence": float("nan")}, "expected 0.5 to 0.99"),
    ],
)
def test_wrong_parameters_are_told(parameters, given, told):
    assert told in faults_of(parameters, **given)


def test_all_faults_are_told_at_once(parameters):
    assert len(faults_of(parameters, edition="x", last_posts=0, typo=1).splitlines()) == 3


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("int", "3", 3),
        ("float", "0.5", 0.5),
        ("bool", "true", True),
        ("str", "a=b", "a=b"),
        ("list[str]", "@a, b,", ["@a", "b"]),
    ],
)
def test_the_command_line_is_read_by_type(type_, text, value):
    parameter = Parameter(name="p", type=type_, default="", help="")
    assert parse_assignments([f"p={text}"], [parameter]) == {"p": value}


@pytest.mark.parametrize("assignment", ["p", "q=1", "p=x", "p=1 p=2"])
def test_an_assignment_that_cannot_be_read_is_told(assignment):
    parameter = Parameter(name="p", type="int", default=1, help="")
    with pytest.raises(SettingsError):
        parse_assignments(assignment.split(), [parameter])
