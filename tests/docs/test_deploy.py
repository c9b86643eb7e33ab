"""What an operator deploys beside the bot: the alert rules and the dashboard ask for metrics that the bot has."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped] # it has no types of its own

from bot.telegram.metrics.metrics import Metrics
from flows.pathways.registry import flow_registry

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "deploy/prometheus/spinemets.rules.yaml"
TESTS: Final = RULES.with_name("spinemets.rules.test.yaml")
DASHBOARD: Final = ROOT / "deploy/grafana/spinemets.json"
UNITS: Final = ROOT / "deploy/systemd"
OPERATIONS: Final = (ROOT / "docs/operations.md").read_text("utf-8")
ASKED: Final = re.compile(r"\bspinemets_\w+")
EVENT: Final = re.compile(r'event=~?"([\w|]+)"')
ON: Final = """
NoNewPrivileges PrivateTmp PrivateDevices PrivateUsers ProtectHome ProtectClock ProtectHostname ProtectKernelTunables
ProtectKernelModules ProtectKernelLogs ProtectControlGroups RestrictNamespaces RestrictRealtime RestrictSUIDSGID
LockPersonality MemoryDenyWriteExecute
"""
CLOSED: Final = {
    **dict.fromkeys(ON.split(), "yes"),
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "SystemCallErrorNumber": "EPERM",
    "LimitCORE": "0",
    "UMask": "0077",
    "User": "spinemets",
}
"""What takes a unit to 1.2 of `systemd-analyze security`."""
ENDINGS: Final = ("_total", "_bucket", "_count", "_sum", "_info")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def offered() -> set[str]:
    """Return every name under which the bot has a number, as they are declared."""
    metrics = Metrics(flow_registry().flow(), time.monotonic, "0", "0")
    return {
        name
        for family in metrics.registry.collect()
        for name in (family.name, *(family.name + ending for ending in ENDINGS))
    }


def asked(text: str) -> set[str]:
    return set(ASKED.findall(text))


def test_the_rules_and_the_dashboard_ask_for_metrics_that_the_bot_has() -> None:
    for file in (RULES, TESTS, DASHBOARD):
        names = asked(re.sub(r"spinemets\.rules", "", file.read_text("utf-8")))
        assert names, file
        assert names <= offered(), file


def test_every_metric_of_the_page_of_operations_is_one_of_the_bot_and_none_is_left_out() -> None:
    told = {name.removesuffix("_total") for name in asked(OPERATIONS)}
    metrics = Metrics(flow_registry().flow(), time.monotonic, "0", "0")
    ours = {family.name for family in metrics.registry.collect() if family.name.startswith("spinemets_")}
    assert {name for name in told if not name.endswith("_bucket")} == ours | {"spinemets_info"}


def test_every_rule_says_how_grave_it_is_what_is_wrong_and_what_to_do() -> None:
    assert len(rules()) >= 10
    for rule in rules():
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert len(rule["annotations"]["description"].split()) > 5


def test_every_event_that_a_rule_counts_is_one_of_the_log() -> None:
    logged = {
        event
        for path in (ROOT / "bot").rglob("*.py")
        for event in re.findall(r"log\.(?:debug|info|warning|error)\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    counted = {event for rule in rules() for events in EVENT.findall(rule["expr"]) for event in events.split("|")}
    assert len(counted) > 4
    assert counted <= logged


def test_the_tests_of_the_rules_name_rules_that_there_are() -> None:
    named = {
        check["alertname"]
        for test in yaml.safe_load(TESTS.read_text("utf-8"))["tests"]
        for check in test["alert_rule_test"]
    }
    assert named <= {rule["alert"] for rule in rules()}
    assert len(named) > 6


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert numbers == sorted(set(numbers))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places), "two panels stand in one place"
    asked_for = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert [expr for expr in asked_for if expr.count("(") != expr.count(")")] == []


def unit(name: str) -> dict[str, list[str]]:
    """Return the settings of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", ["spinemets.service", "spinemets-backup.service"])
def test_a_unit_lets_the_bot_do_nothing_but_its_work(name: str) -> None:
    settings = unit(name)
    assert {key: settings.get(key) for key in CLOSED} == {key: [value] for key, value in CLOSED.items()}
    assert settings["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert "root" not in settings["User"]


def test_the_command_of_the_nightly_backup_makes_one_and_deletes_only_old_ones(tmp_path: Path) -> None:
    settings = unit("spinemets-backup.service")
    (tmp_path / "old.backup").touch()
    os.utime(tmp_path / "old.backup", (0, 0))
    (tmp_path / "notes.txt").touch()
    os.utime(tmp_path / "notes.txt", (0, 0))
    bot = tmp_path / "bot"
    bot.write_text('#!/bin/sh\nset -eu\ntest "$1" = backup\n: >"$2"\n', "utf-8")
    bot.chmod(0o700)
    for command in (*settings["ExecStart"], *settings["ExecStartPost"]):
        # As systemd reads it: a doubled sign stands for one, and no shell looks at the words.
        said = command.replace("$$", "$").replace("%%", "%").replace("/var/backups/spinemets", str(tmp_path))
        subprocess.run(shlex.split(said.replace(".venv/bin/spinemets", str(bot))), check=True)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names[1:] == ["bot", "notes.txt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.backup", names[0])


def test_the_timer_makes_up_for_a_night_that_was_missed() -> None:
    assert unit("spinemets-backup.timer")["Persistent"] == ["true"]
