"""The commands as a person runs them: as processes, in a folder of their own; faults are told in plain words."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from browser import free_port

T8: dict[str, Any] = {
    "levels": ["T8"],
    "fitness": "fit",
    "deficit": "none",
    "extent": "body",
    "destruction": "limited",
    "prior": "none",
}
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("BOT_", "DATABASE_", "LOG_", "PLAYGROUND_", "XDG_"))}


@pytest.fixture
def spinemets(tmp_path: Path) -> Spinemets:
    return Spinemets(tmp_path)


class Spinemets:
    """Runs `spinemets` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, given: str | bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
        typed = given.encode() if isinstance(given, str) else given
        return subprocess.run(  # noqa: PLW1510 - the status is what is looked at
            self.words(*words), input=typed, capture_output=True, cwd=self.folder, env=self.env(settings), timeout=60
        )

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env=self.env(settings),
        )

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot", *words]

    def env(self, settings: dict[str, str]) -> dict[str, str]:
        return {**CLEAN, "XDG_DATA_HOME": str(self.folder / "data"), **settings}


def decided(result: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_decide_writes_one_line_for_each_in_order_and_says_so_at_the_end(spinemets: Spinemets) -> None:
    lines = [
        json.dumps(T8),
        "no json",
        json.dumps({**T8, "levels": ["T4"]}),
        "",
        json.dumps({**T8, "fitness": "well"}),
    ]
    result = spinemets("decide", "--jsonl", given="\n".join(lines) + "\n")
    first, nonsense, upper, empty, wrong = decided(result)
    assert result.returncode == 1
    assert result.stderr == b""
    assert first["headline"] == "posterior_mis"
    assert nonsense["error"]["finding"] is None
    assert next(o for o in upper["options"] if o["code"] == "anterior_corpectomy")["verdict"] == "not_recommended"
    assert empty["error"]["finding"] is None
    assert wrong["error"]["allowed"] == ["fit", "unfit_comorbidity", "unfit_advanced", "undecided"]


def test_decide_ends_well_where_no_line_is_at_fault(spinemets: Spinemets) -> None:
    result = spinemets("decide", "--jsonl", given=json.dumps(T8))
    assert result.returncode == 0
    assert decided(result)[0]["notes"][-1]["facts"] == ["G10"]


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b'{"levels": ["\\ud800"]}', b"[" * 100_000, b'{"levels": 1e999}', b"null"]
)
def test_decide_survives_any_line(spinemets: Spinemets, line: bytes) -> None:
    result = spinemets("decide", "--jsonl", given=line + b"\n" + json.dumps(T8).encode() + b"\n")
    fault, good = decided(result)
    assert "error" in fault
    assert good["headline"] == "posterior_mis"


def test_chat_leads_through_the_same_interview(spinemets: Spinemets) -> None:
    typed = "new case\nT8\nDone\nfit\nnone\nbody only\nlimited\nnone\nAll options\nPosterior MIS\n99\n/about\nq\n"
    result = spinemets("chat", given=typed)
    told = result.stdout.decode()
    assert result.returncode == 0
    assert re.search(r"T8 · 1 level\s+Posterior MIS", told)
    assert "not available" in told
    assert "“99” is none of the choices." in told
    assert "G12" in told


def test_chat_ends_at_the_end_of_the_input(spinemets: Spinemets) -> None:
    assert spinemets("chat").returncode == 0


def test_flow_prints_a_chart_with_labelled_edges(spinemets: Spinemets) -> None:
    told = spinemets("flow").stdout.decode()
    assert told.startswith("flowchart TD")
    assert 'fitness -->|"otherwise"| recommendation' in told


def test_the_stages_of_a_discussion_are_printed_as_a_chart(spinemets: Spinemets) -> None:
    told = spinemets("flow", "discussion").stdout.decode()
    assert told.startswith("stateDiagram-v2\n    [*] --> gathering\n")
    assert "    voting --> decided: close\n" in told


def test_another_flow_is_drawn_and_decided_by_its_code(spinemets: Spinemets) -> None:
    assert 'location["Where is the lesion?"]' in spinemets("flow", "sins").stdout.decode()
    worst = {
        "location": "junctional",
        "pain": "mechanical",
        "bone": "lytic",
        "alignment": "translated",
        "collapse": "over_half",
        "posterolateral": "bilateral",
    }
    result = spinemets("decide", "--jsonl", "--flow", "sins", given=json.dumps(worst))
    [answer] = decided(result)
    assert (result.returncode, answer["score"], answer["class"]) == (0, 18, "unstable")


@pytest.mark.parametrize("words", [("flow", "nurick"), ("decide", "--jsonl", "--flow=nurick")])
def test_a_flow_that_is_not_offered_is_told_with_those_that_are(spinemets: Spinemets, words: tuple[str, ...]) -> None:
    result = spinemets(*words)
    assert result.returncode == 1
    assert result.stderr.decode() == "spinemets: 'nurick' is no flow; allowed: metastasis, sins\n"


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("BOT_TOKEN", "not-a-token-1234", "@BotFather"),
        ("BOT_API_URL", "telegram", "http://127.0.0.1:8080"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("LOG_LEVEL", "loud", "debug"),
        ("PLAYGROUND_PORT", "99999", "65535"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    spinemets: Spinemets, setting: str, value: str, told: str
) -> None:
    result = spinemets("run", **{setting: value})
    said = result.stderr.decode()
    assert result.returncode == 1
    assert f"{setting}:" in said
    assert told in said
    assert "Traceback" not in said
    assert "not-a-token-1234" not in said


def test_all_wrong_settings_are_named_together(spinemets: Spinemets) -> None:
    (spinemets.folder / ".env").write_text("LOG_LEVEL=loud\nPLAYGROUND_PORT=none\n", encoding="utf-8")
    said = spinemets("run").stderr.decode()
    assert "LOG_LEVEL:" in said
    assert "PLAYGROUND_PORT:" in said


def test_a_damaged_database_is_refused_with_advice_and_left_as_it_is(spinemets: Spinemets) -> None:
    path = spinemets.folder / "cases.db"
    path.write_bytes(b"this is no database, but it may be somebody's only copy" * 100)
    before = path.read_bytes()
    result = spinemets("run", DATABASE_URL=f"sqlite:///{path}", PLAYGROUND_PORT=str(free_port()))
    assert result.returncode == 1
    assert "restore the last backup" in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
    assert path.read_bytes() == before


def heard(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what a process says until it says that."""
    assert process.stdout
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found[0]
    raise AssertionError(f"it ended with {process.wait()}")


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=10)
    assert process.stdout
    process.stdout.close()
    return status


def test_the_playground_takes_the_next_free_port_and_says_so(spinemets: Spinemets) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = spinemets.start("run", PLAYGROUND_PORT=str(port))
        told = heard(process, r"Playground: .*")
        assert f"port {port} is taken" in told
        assert ended(process) == 0


def test_the_local_bot_api_serves_alone_and_a_bot_finds_it(spinemets: Spinemets) -> None:
    server = spinemets.start("playground", "--api-only", PLAYGROUND_PORT=str(free_port()))
    address = heard(server, r"http://\S+")
    bot = spinemets.start("run", BOT_TOKEN="42:abc", BOT_API_URL=address)  # noqa: S106 - it opens nothing
    assert heard(bot, r"Cases are kept in .*").endswith("spinemets.db")
    state: dict[str, Any] = {}
    for _ in range(100):
        with urllib.request.urlopen(f"{address}/play/state") as answer:  # noqa: S310 - loopback
            state = json.load(answer)
        if state["commands"] and state["bot_alive"]:
            break
        time.sleep(0.1)
    assert state["commands"][0]["command"] == "new"
    assert ended(bot) == 0
    assert ended(server) == 0
