"""The commands as a person runs them: as processes, in a folder of their own; faults are told in plain words."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from browser import free_port
from commands import Spinemets, ended
from store_kit import ask

from bot.playground.storage import JsonStore

pytestmark = pytest.mark.slow

T8: dict[str, Any] = {
    "levels": ["T8"],
    "fitness": "fit",
    "deficit": "none",
    "extent": "body",
    "destruction": "limited",
    "prior": "none",
}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def spinemets(tmp_path: Path, request: pytest.FixtureRequest) -> Spinemets:
    return Spinemets(tmp_path, measured=request.node.get_closest_marker("measured") is not None)


def decided(result: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.measured
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


@pytest.mark.measured
def test_chat_leads_through_the_same_interview(spinemets: Spinemets) -> None:
    typed = "new case\nT8\nOnly T8 ›\nfit\nnone\nbody only\nlimited\nnone\nAll options\nPosterior MIS\n99\n/about\nq\n"
    result = spinemets("chat", given=typed)
    told = result.stdout.decode()
    assert result.returncode == 0
    assert re.search(r"T8 · 1 level\s+Posterior MIS", told)
    assert "not available" in told
    assert "“99” is none of the choices." in told
    assert "G13" in told


def test_chat_ends_at_the_end_of_the_input(spinemets: Spinemets) -> None:
    assert spinemets("chat").returncode == 0


@pytest.mark.measured
def test_flow_prints_a_chart_with_labelled_edges(spinemets: Spinemets) -> None:
    told = spinemets("flow").stdout.decode()
    assert told.startswith("flowchart TD")
    assert 'fitness -->|"otherwise"| recommendation' in told


@pytest.mark.measured
def test_the_stages_of_a_discussion_are_printed_as_a_chart(spinemets: Spinemets) -> None:
    told = spinemets("flow", "discussion").stdout.decode()
    assert told.startswith("stateDiagram-v2\n    [*] --> gathering\n")
    assert "    voting --> decided: close\n" in told


@pytest.mark.measured
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
    assert (
        result.stderr.decode()
        == "spinemets: 'nurick' is no flow; allowed: metastasis, sins, bauer, tokuhashi, tomita\n"
    )


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("BOT_TOKEN", "not-a-token-1234", "@BotFather"),
        ("BOT_API_URL", "telegram", "http://127.0.0.1:8080"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite:///why?.db", "%3F"),
        ("DATABASE_URL", "postgresql://ann:not-a-token-1234@not-a-token-1234@host/name", "%40"),
        ("DATABASE_URL", "postgresql://ann:not-a-token-1234@[::1/name", "[::1]"),
        ("DATABASE_URL", "postgresql://ann:not-a-token-1234@host:port/name", "65535"),
        ("LOG_LEVEL", "loud", "debug"),
        ("PLAYGROUND_PORT", "99999", "65535"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    spinemets: Spinemets, setting: str, value: str, told: str
) -> None:
    result = spinemets("run", **{setting: value})
    said = result.stderr.decode()
    assert result.returncode == 78
    assert f"{setting}:" in said
    assert told in said
    assert "Traceback" not in said
    assert "not-a-token-1234" not in said


@pytest.mark.measured
def test_all_wrong_settings_are_named_together(spinemets: Spinemets) -> None:
    (spinemets.folder / ".env").write_text("LOG_LEVEL=loud\nPLAYGROUND_PORT=none\n", encoding="utf-8")
    said = spinemets("run").stderr.decode()
    assert "LOG_LEVEL:" in said
    assert "PLAYGROUND_PORT:" in said


@pytest.mark.parametrize("words", [("run",), ("playground",), ("playground", "--api-only"), ("dead", "list")])
def test_an_env_file_that_is_a_folder_stops_every_command_that_reads_it(
    spinemets: Spinemets, words: tuple[str, ...]
) -> None:
    (spinemets.folder / ".env").mkdir()
    result = spinemets(*words)
    said = result.stderr.decode()
    assert (result.returncode, result.stdout) == (78, b"")
    assert ".env is a folder, not a file; move it away" in said
    assert "Traceback" not in said


@pytest.mark.measured
def test_a_folder_in_the_place_of_the_database_is_told_in_one_line(spinemets: Spinemets) -> None:
    (spinemets.folder / "cases.db").mkdir()
    result = spinemets("run", DATABASE_URL="sqlite:///cases.db", PLAYGROUND_PORT=str(free_port()))
    assert result.returncode == 78
    assert result.stderr.decode() == (
        "spinemets: cases.db is a folder. Check DATABASE_URL, or without it XDG_DATA_HOME.\n"
    )


@pytest.mark.parametrize("words", [("run",), ("dead", "list")])
def test_a_database_from_before_the_first_release_is_told_in_one_line(
    spinemets: Spinemets, words: tuple[str, ...]
) -> None:
    url = f"sqlite:///{spinemets.folder}/cases.db"
    ask(url, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    ask(url, "INSERT INTO alembic_version VALUES ('v0003')")
    result = spinemets(*words, DATABASE_URL=url, PLAYGROUND_PORT=str(free_port()))
    assert result.returncode == 78
    assert result.stderr.decode() == (
        f"spinemets: {spinemets.folder}/cases.db has the tables of an older program (v0003), which this one does not "
        "read; nothing was changed. Let DATABASE_URL name a new, empty database, or move the old file away; the cases "
        "in it are left behind.\n"
    )


@pytest.mark.parametrize("token", ["", "42:abc"])
def test_a_data_folder_that_cannot_be_made_is_told_in_plain_words(spinemets: Spinemets, token: str) -> None:
    (spinemets.folder / "file").touch()
    result = spinemets("run", XDG_DATA_HOME=str(spinemets.folder / "file"), BOT_TOKEN=token)
    said = result.stderr.decode()
    assert result.returncode == 78
    assert str(spinemets.folder / "file/spinemets") in said
    assert "XDG_DATA_HOME" in said
    assert "Traceback" not in said


@pytest.mark.measured
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


@pytest.mark.measured
def test_the_playground_takes_the_next_free_port_and_says_so(spinemets: Spinemets) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = spinemets.start("run", PLAYGROUND_PORT=str(port))
        told = heard(process, r"Playground: .*")
        assert f"port {port} is taken" in told
        assert ended(process) == 0


def alone(
    spinemets: Spinemets, stderr: Any = subprocess.DEVNULL, **settings: str
) -> tuple[subprocess.Popen[str], str, str]:
    """Serve the local Bot API without a bot; give the process, its address, and what it says of the token."""
    server = spinemets.start("playground", "--api-only", stderr=stderr, PLAYGROUND_PORT=str(free_port()), **settings)
    return server, heard(server, r"http://\S+"), heard(server, r"Token.*").partition(": ")[2]


def asked(address: str, path: str) -> dict[str, Any]:
    """Ask as the page does, which has the key of this run as a cookie."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    opener.open(address).close()
    with opener.open(address + path) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def called(address: str, token: str, method: str) -> dict[str, Any]:
    """Call a method of the Bot API."""
    try:
        with urllib.request.urlopen(f"{address}/bot{token}/{method}") as answer:  # noqa: S310 - loopback
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            found = json.load(error)
    return found


def seen_alive(address: str) -> dict[str, Any]:
    """Wait until a bot polls a local Bot API and has set its commands; give what the page would read."""
    state: dict[str, Any] = {}
    for _ in range(100):
        state = asked(address, "/play/state")
        if state["commands"] and state["bot_alive"]:
            break
        time.sleep(0.1)
    return state


@pytest.mark.measured
def test_the_local_bot_api_serves_alone_and_a_bot_finds_it(spinemets: Spinemets) -> None:
    server, address, token = alone(spinemets)
    bot = spinemets.start("run", BOT_TOKEN=token, BOT_API_URL=address)
    assert heard(bot, r"Cases are kept in .*").endswith("spinemets.db")
    assert seen_alive(address)["commands"][0]["command"] == "new"
    assert ended(bot) == 0
    assert ended(server) == 0


def test_the_local_bot_api_takes_the_token_of_this_run_alone_and_keeps_what_waits_for_the_next(
    spinemets: Spinemets,
) -> None:
    server, address, first = alone(spinemets)
    hook = "setWebhook?url=http://127.0.0.1:9/hook"
    assert called(address, "1000000001:playground", "getMe")["error_code"] == 401
    assert called(address, first + "x", "getMe")["error_code"] == 401
    me = called(address, first, "getMe")["result"]
    assert called(address, first, hook)["ok"]
    assert ended(server) == 0
    server, address, second = alone(spinemets)
    assert second != first
    assert called(address, first, "getMe")["error_code"] == 401
    assert called(address, second, "getMe")["result"] == me, "it is the same bot"
    assert called(address, second, "getWebhookInfo")["result"]["url"] == "http://127.0.0.1:9/hook"
    assert ended(server) == 0


def test_the_local_bot_api_takes_the_token_that_is_set_and_does_not_print_it(spinemets: Spinemets) -> None:
    server, address, said = alone(spinemets, BOT_TOKEN="42:abc")  # noqa: S106 - it opens nothing
    assert said == "the one of BOT_TOKEN"
    assert called(address, "42:abc", "getMe")["result"]["id"] == 42
    assert called(address, "42:abcd", "getMe")["error_code"] == 401
    assert ended(server) == 0


def test_the_local_bot_api_logs_a_parameter_that_it_does_not_heed(spinemets: Spinemets) -> None:
    said = spinemets.folder / "log"
    with said.open("wb") as log:
        server, address, token = alone(spinemets, stderr=log)
    assert called(address, token, "getMe?is_closed=true")["ok"]
    assert ended(server) == 0
    lines = [json.loads(line) for line in said.read_text("utf-8").splitlines()]
    assert [(line["event"], line["said"]) for line in lines] == [("parameter_unheeded", "getMe is_closed")]


def test_chats_that_were_deleted_beside_their_cases_begin_anew_and_everything_new_is_heard(
    spinemets: Spinemets,
) -> None:
    folder = spinemets.folder / "data/spinemets/playground"
    for number in range(3):
        process = spinemets.start("run", PLAYGROUND_PORT=str(free_port()))
        address = heard(process, r"http://\S+")
        for text in ("/start", "/new", "/help"):
            said_in_the_playground(address, text)
        assert ended(process) == 0
        for left in folder.glob("chats.db*"):
            left.unlink()
        assert (folder / "spinemets.db").exists(), number


def said_in_the_playground(address: str, text: str) -> None:
    """Write to the bot, and wait until it has answered."""
    before = len(asked(address, "/play/state")["chats"][0]["messages"])
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    opener.open(address).close()
    chat = asked(address, "/play/state")["chats"][0]["id"]
    body = json.dumps({"chat_id": chat, "text": text}).encode()
    said = urllib.request.Request(f"{address}/play/send", body, {"Content-Type": "application/json"})  # noqa: S310
    opener.open(said).close()
    for _ in range(100):
        messages = asked(address, "/play/state")["chats"][0]["messages"]
        if len(messages) >= before + 2 and messages[-1]["from"]["is_bot"]:
            return
        time.sleep(0.1)
    raise AssertionError(f"{text} was not answered")


@pytest.mark.parametrize("how", ["garbage", "half", "other tables", "wrong content", "a folder"])
def test_chats_that_cannot_be_used_are_told_in_plain_words(spinemets: Spinemets, how: str) -> None:
    chats = spinemets.folder / "data/spinemets/playground/chats.db"
    chats.parent.mkdir(parents=True)
    if how == "garbage":
        chats.write_bytes(b"no database, but perhaps somebody's only copy " * 99)
    elif how == "a folder":
        chats.mkdir()
    else:
        with closing(JsonStore(chats)) as disk, disk.transaction():
            disk.put("room", 0, 7, b"{" if how == "wrong content" else {"id": 7})
            for number in range(300):
                disk.put("message", 7, number, {"text": "x" * 99})
        with closing(sqlite3.connect(chats)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if how == "other tables":
                connection.execute("DROP TABLE kept")
                connection.execute("CREATE TABLE kept (kind TEXT)")
        if how == "half":
            chats.write_bytes(chats.read_bytes()[: chats.stat().st_size // 8192 * 4096])
    before = chats.is_file() and chats.read_bytes()
    result = spinemets("run", PLAYGROUND_PORT=str(free_port()))
    told = result.stderr.decode()
    assert result.returncode == 1
    assert f"{chats} cannot be used" in told
    assert "Move it away" in told
    assert "Traceback" not in told
    assert chats.exists(), "nothing was begun in its place"
    assert how == "wrong content" or before == (chats.is_file() and chats.read_bytes())


def copied_as_the_readme_says(folder: Path) -> Path:
    """Copy the example with the very line that the README tells the reader to type."""
    told = (ROOT / "README.md").read_text("utf-8").partition("## On Telegram\n")[2].partition("\n## ")[0]
    [line] = re.findall(r"`(cp [^`]+)`", told)
    (folder / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    subprocess.run(["sh", "-c", line], cwd=folder, check=True)
    assert "Put the token behind `BOT_TOKEN=` in `.env`" in told
    return folder / ".env"


@pytest.mark.measured
def test_the_example_with_a_token_starts_the_bot_on_telegram(spinemets: Spinemets) -> None:
    env_file = copied_as_the_readme_says(spinemets.folder)
    assert env_file.stat().st_mode & 0o777 == 0o600
    env_file.write_text(re.sub("^BOT_TOKEN=$", "BOT_TOKEN=42:abc", env_file.read_text("utf-8"), flags=re.MULTILINE))
    with ExitStack() as running:
        # The local server is started elsewhere: the example is for the bot alone.
        (spinemets.folder / "server").mkdir()
        server, address, _ = alone(Spinemets(spinemets.folder / "server"), BOT_TOKEN="42:abc")  # noqa: S106
        running.callback(ended, server)
        bot = spinemets.start("run", stderr=subprocess.STDOUT, BOT_API_URL=address)
        running.callback(ended, bot)
        assert heard(bot, r"Cases are kept in .*").endswith("data/spinemets/spinemets.db")
        assert seen_alive(address)["commands"][0]["command"] == "new"


@pytest.mark.measured
def test_the_example_without_a_token_starts_the_playground_twice_in_a_row(spinemets: Spinemets) -> None:
    copied_as_the_readme_says(spinemets.folder)
    for _ in range(2):
        process = spinemets.start("run")
        assert heard(process, r"Cases are kept in .*").endswith("data/spinemets/playground/spinemets.db")
        address = heard(process, r"http://\S+")
        assert seen_alive(address)["bot_alive"]
        assert ended(process) == 0
