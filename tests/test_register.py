"""The register of forecasts: frozen before launch, naming nobody, and no edit unseen."""

import itertools
import json
import os
import signal
from datetime import date

import pytest

from workbench.budget.register import check_register, read_pseudonyms, register_forecast
from workbench.errors import DataError, SettingsError
from workbench.tables.brief import parse_brief

BRIEF = parse_brief(
    "client: Acme\ngoal: net_reach\ntarget: 500000\nbudget: 20000\n"
    "flight_start: 2026-11-02\nflight_end: 2026-11-30\n"
    "limits: {must: ['instagram:77001'], must_not: ['tiktok:in_vented9']}\n"
)
FORECAST = {
    "data": "f00d",
    "settings": {"seed": 0, "draws": 1_000},
    "plan": {"value": 412_000.0, "bound": 412_300.0, "spend": 19_500.0},
    "promise": [{"outcome": "net_reach", "p10": 3e5, "p50": 4e5, "p90": 5e5}],
    "path": [{"day": "2026-11-02", "p10": 0.0, "p50": 1e4, "p90": 3e4}],
    "creators": [
        {"creator_key": "instagram:77001", "posts": 2, "fee": 300.0},
        {"creator_key": "instagram:gärtner", "posts": 1, "fee": 80.0},
    ],
}
BEFORE, WITHIN = date(2026, 10, 20), date(2026, 11, 2)


def register(folder, forecast=FORECAST, **changes):
    return register_forecast(forecast, BRIEF, folder, **{"today": BEFORE} | changes)


def test_the_same_plan_is_registered_once(tmp_path):
    first = register(tmp_path)
    kept = first.path.read_bytes()
    again = register(tmp_path, today=date(2026, 10, 25))
    assert (first.new, again.new, again.path) == (True, False, first.path)
    assert first.path.read_bytes() == kept
    other = register(tmp_path, FORECAST | {"settings": {"seed": 1}})
    assert other.path != first.path


def test_no_handle_or_key_stands_in_the_file(tmp_path):
    content = register(tmp_path).path.read_bytes()
    for name in ("77001", "gärtner", "in_vented9"):
        assert name.encode() not in content
    back = read_pseudonyms(tmp_path)
    held = json.loads(content)
    assert {row["pseudonym"] for row in held["creators"]} == {
        back["instagram:77001"],
        back["instagram:gärtner"],
    }
    assert held["brief"]["limits"]["must"] == [back["instagram:77001"]]


@pytest.mark.parametrize("edit", ['"spend": 19500.0', '"late": false', '"p10": 300000.0'])
def test_an_edit_is_seen_and_named(tmp_path, edit):
    done = register(tmp_path)
    text = done.path.read_text()
    assert edit in text
    done.path.write_text(text.replace(edit, edit.replace("0", "1").replace("false", "true")))
    (fault,) = check_register(tmp_path)["fault"]
    assert str(done.path) in fault
    assert done.content["hash"] in fault
    with pytest.raises(DataError, match="not what it was"):
        register(tmp_path)


def test_an_edit_with_a_new_hash_no_longer_has_its_name(tmp_path):
    done = register(tmp_path)
    text = done.path.read_text().replace('"spend": 19500.0', '"spend": 1.0')
    done.path.write_text(text)
    (told,) = check_register(tmp_path)["fault"]
    done.path.write_text(text.replace(done.content["hash"], told.rsplit(" ", 1)[1]))
    (told,) = check_register(tmp_path)["fault"]
    assert "its plan is" in told


def test_an_unedited_register_has_no_fault(tmp_path):
    assert check_register(tmp_path).empty
    register(tmp_path)
    register(tmp_path, FORECAST | {"data": "beef"})
    found = check_register(tmp_path)
    assert found["fault"].tolist() == ["", ""]
    assert found["registered_at"].tolist() == ["2026-10-20"] * 2


def test_a_begun_flight_is_refused_unless_late_and_the_file_says_so(tmp_path):
    with pytest.raises(SettingsError, match="has begun on 2026-11-02"):
        register(tmp_path, today=WITHIN)
    assert not (tmp_path / "register").exists()
    assert register(tmp_path, today=WITHIN, late=True).content["late"] is True


def test_a_plan_without_a_flight_is_refused(tmp_path):
    with pytest.raises(SettingsError) as told:
        register_forecast(FORECAST, parse_brief("client: Acme"), tmp_path, today=BEFORE)
    assert len(told.value.faults) == 2


def test_who_is_forgotten_is_found_and_can_be_led_back_to_no_more(tmp_path):
    from workbench.intake.importing import import_files
    from workbench.reporting.forgetting import find_held, forget_creator

    listed = tmp_path / "list.csv"
    listed.write_text("Username,Platform,Followers\nanna.cooks,Instagram,900\nbo,TikTok,800\n")
    client = tmp_path / "client"
    import_files([listed], client, as_of="2026-09-30")
    rows = [{"creator_key": key, "posts": 1} for key in ("instagram:anna.cooks", "tiktok:bo")]
    done = register(client, FORECAST | {"creators": rows})
    assert "register/creators.csv" in find_held(client, "@anna.cooks", reports=tmp_path).files
    forget_creator(client, "@anna.cooks", reports=tmp_path)
    assert "instagram:anna.cooks" not in read_pseudonyms(client)
    assert check_register(client)["fault"].tolist() == [""]
    assert "anna" not in done.path.read_text()


@pytest.mark.parametrize("step", range(4))  # pseudonyms written and moved, then the forecast
def test_a_kill_leaves_no_half_file(tmp_path, step):
    child = os.fork()
    if child == 0:
        killed_at(step)
        register(tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert check_register(tmp_path).empty
    register(tmp_path)
    assert check_register(tmp_path)["fault"].tolist() == [""]


def killed_at(step):
    steps = itertools.count()

    def stopping(real):
        def call(*given):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return call

    os.fsync, os.replace = stopping(os.fsync), stopping(os.replace)
