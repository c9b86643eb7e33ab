"""`spinemets decide` with a note: what was heard, what is still asked, and the recommendation once nothing is."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bot import commands as program
from bot.cli.decide import decide_lines
from bot.cli.decide_note import decide_notes, print_json
from flows.pathways.metastasis import EMERGENCY
from flows.pathways.registry import flow_registry

WHOLE = "T8, fit, no deficit, body only, limited destruction, prior none"
FINDINGS = {
    "levels": ["T8"],
    "fitness": "fit",
    "deficit": "none",
    "extent": "body",
    "destruction": "limited",
    "prior": "none",
}


def told(decide: Callable[..., int], *lines: bytes) -> tuple[int, list[Any]]:
    """Decide lines: how many were at fault, and what is said of each."""
    said: list[bytes] = []
    return decide(flow_registry().flow(), flow_registry().catalog, lines, said.append), [
        orjson.loads(line) for line in said
    ]


def noted(note: str) -> Any:
    [record] = told(decide_notes, note.encode())[1]
    return record


def test_a_whole_note_has_the_recommendation_that_its_findings_have() -> None:
    record = noted(WHOLE)
    assert record["missing"] == []
    assert record["recommendation"] == told(decide_lines, orjson.dumps(FINDINGS))[1][0]


def test_each_finding_has_its_answer_and_its_words() -> None:
    assert noted("D8 - not fit (COPD)")["findings"] == {
        "levels": {"answer": ["T8"], "words": ["D8"]},
        "fitness": {"answer": "unfit_comorbidity", "words": ["not fit", "COPD"]},
    }


def test_a_question_is_missing_where_it_is_asked_or_may_be() -> None:
    assert noted("T8 fit")["missing"] == ["deficit", "extent", "destruction", "single_approach", "prior"]
    assert noted("T8 fit, body only")["missing"] == ["deficit", "destruction", "prior"]
    assert noted("T8, posterior only, fit")["missing"] == ["deficit"]
    assert noted("unfit, COPD")["missing"] == ["levels"]


def test_there_is_no_recommendation_while_something_is_missing() -> None:
    record = noted("T8 fit, ECOG 1, blue eyes, C5")
    assert record["recommendation"] is None
    assert record["context"] == [{"scale": "ECOG", "value": "1", "words": "ECOG 1"}]
    assert (record["not_understood"], record["outside"]) == (["blue eyes"], ["C5"])


def test_what_was_hidden_and_what_is_a_sign_of_an_emergency_stands_beside_the_findings() -> None:
    record = noted("Mrs Miller, T8, fit, legs heavy, circumfrential")
    assert record["hidden"] is True
    assert record["emergency"] == {"text": EMERGENCY, "words": ["legs heavy"]}
    assert record["did_you_mean"] == [{"words": "circumfrential", "meant": "circumferential"}]
    assert record["recommendation"] is None
    plain = noted(WHOLE)
    assert (plain["hidden"], plain["emergency"], plain["did_you_mean"]) == (False, None, [])


def test_a_sign_of_an_emergency_is_told_in_the_terminal_whatever_else_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("decide", "incontinent since this morning") == 0
    assert EMERGENCY in " ".join(capsys.readouterr().out.split())


def test_a_note_at_fault_says_so_in_its_place_and_the_others_go_on() -> None:
    faults, records = told(decide_notes, b"T8\r\n", b"x" * 501, b"\xff\n", b"\n", b"L2")
    assert faults == 2
    assert [set(record) == {"error"} for record in records] == [False, True, True, False, False]
    assert records[1]["error"]["message"] == "the note has 501 characters; at most 500 are read"


def run(*words: str) -> str | int | None:
    """Run the program: what it ends with."""
    with pytest.raises(SystemExit) as ended:
        program.app([*words])
    return ended.value.code


def test_a_note_becomes_a_card_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decide", f"{WHOLE}, ECOG 1, blue eyes") == 0
    shown = capsys.readouterr().out
    assert "no deficit  “no deficit”" in shown
    assert "Noted, not used: ECOG 1" in shown
    assert "Not understood: blue eyes" in shown
    assert "Posterior MIS: Supported by the source" in shown


def test_a_card_asks_what_is_missing_and_says_that_a_name_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decide", "Mrs Miller, T8, fit") == 0
    shown = capsys.readouterr().out
    assert "· Neurological deficit?" in shown
    assert "looked like a name" in " ".join(shown.split())
    assert "Miller" not in shown


def test_a_note_as_json_is_one_object(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("decide", WHOLE, "--json") == 0
    assert orjson.loads(capfdbinary.readouterr().out) == noted(WHOLE)


@pytest.mark.parametrize("words", [[], ["T8", "--notes"], ["--notes", "--jsonl"], ["--json"], ["--notes", "--json"]])
def test_what_is_read_must_be_said_once(words: list[str]) -> None:
    assert "give a note" in str(run("decide", *words))


def test_a_note_that_is_too_long_ends_in_plain_words() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "decide", "x" * 501], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "spinemets: the note has 501 characters; at most 500 are read\n"


def test_notes_come_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"T8\nL2\n")))
    assert run("decide", "--notes") == 0
    assert len(capfdbinary.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"levels": ["T8"], "fitness": "fit", "fitness": "unfit_advanced"}', "fitness"),
        (b'{"levels": ["T8"], "levels": ["T8"]}', "levels"),
        (b'{"fitness": "fit", "fitnes\\u0073": "fit"}', "fitness"),
        (b'{"x": 1, "x": 1}', "x"),
        (b'{"levels": {"deep": 1, "deep": 2}}', "deep"),
        (b'{"levels": [{"": 1, "": 2}]}', ""),
    ],
)
def test_a_key_that_stands_twice_in_a_line_is_an_error_that_names_it(line: bytes, key: str) -> None:
    faults, [error, good] = told(decide_lines, line, orjson.dumps(FINDINGS))
    assert faults == 1
    assert error["error"]["finding"] == key
    assert error["error"]["message"] == f"{key!r} is given twice"
    assert good["headline"] == "posterior_mis"


def test_the_same_word_as_a_key_and_as_a_value_is_no_error_of_that_kind() -> None:
    assert told(decide_lines, orjson.dumps(FINDINGS | {"prior": "none", "deficit": "none"}))[0] == 0
    [nested] = told(decide_lines, b'{"levels": ' + b"[" * 1000 + b"]" * 1000 + b"}")[1]
    assert "twice" not in nested["error"]["message"]


def test_a_mark_of_byte_order_is_skipped() -> None:
    mark = b"\xef\xbb\xbf"
    assert told(decide_lines, mark + orjson.dumps(FINDINGS)) == told(decide_lines, orjson.dumps(FINDINGS))
    assert told(decide_notes, mark + WHOLE.encode()) == told(decide_notes, WHOLE.encode())
    two = told(decide_lines, *[mark + orjson.dumps(FINDINGS)] * 2)
    assert two[0] == 0, "files that were put together have one in the middle"
    [error] = told(decide_lines, mark)[1]
    assert error == told(decide_lines, b"")[1][0]


def test_a_mark_of_byte_order_before_a_note_that_is_typed_is_skipped(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    print_json(flow_registry().flow(), flow_registry().catalog, "\ufeff" + WHOLE)
    marked = capsysbinary.readouterr().out
    print_json(flow_registry().flow(), flow_registry().catalog, WHOLE)
    assert marked == capsysbinary.readouterr().out
