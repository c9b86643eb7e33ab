"""The catalog says what is wrong with it: which file, which place, what is allowed, all of it at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kit import CATALOG, TelegramHtml, lines

import flows
from bot.telegram.rendering.html import screen
from flows.cards.case import CaseRenderer
from flows.cards.pages import Pages
from flows.catalog.loader import MOST_BYTES, Catalog, catalog, load_catalog
from flows.errors import CatalogError
from flows.pathways.metastasis import METASTASIS

REAL = Path(flows.__file__).parent / "catalog" / "data"
FILES = ("facts.toml", "options.toml", "scales.toml", "wording.toml", "team.toml", "record.toml", "access.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real catalog, to be spoilt."""
    for name in FILES:
        shutil.copy(REAL / name, tmp_path)
    return tmp_path


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not hold {old!r} any more"
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(CatalogError) as raised:
        load_catalog(folder)
    assert all(fault in str(raised.value) for fault in raised.value.faults), "every fault is told"
    return raised.value.faults


def the_fault(folder: Path) -> str:
    [fault] = faults(folder)
    return fault


def test_the_catalog_is_loaded_once_and_shared() -> None:
    assert catalog() is catalog()
    assert catalog() == load_catalog(REAL)


def test_the_copy_that_the_tests_spoil_is_sound_at_first(folder: Path) -> None:
    assert load_catalog(folder) == CATALOG


def test_the_catalog_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        CATALOG.options["posterior"].short = "x"


def test_the_catalog_holds_what_the_evidence_holds() -> None:
    assert list(CATALOG.facts) == [f"F{n}" for n in range(1, 18)]
    assert list(CATALOG.gaps) == [f"G{n}" for n in range(1, 14)]
    assert set(CATALOG.traits) == {*(f"A{n}" for n in range(1, 9)), *(f"D{n}" for n in range(1, 8))}
    assert len(CATALOG.options) == 6
    assert (CATALOG.source.name, CATALOG.source.year) == ("AO Surgery Reference", 2019)


TRAITS = {
    "nonoperative": ("", ""),
    "posterior": ("A1 A2", "D1 D2"),
    "posterior_corpectomy": ("A1 A2", "D1 D2"),
    "posterior_mis": ("A3 A4 A5 A6 A1 A2", "D3"),
    "anterior_corpectomy": ("A7 A8", "D4"),
    "combined": ("A1", "D1 D5 D6 D7"),
}


@pytest.mark.parametrize("code", TRAITS)
def test_an_options_traits_are_those_of_the_evidence_and_its_ratings_are_not_guessed(
    code: str,
) -> None:
    option = CATALOG.options[code]
    advantages, disadvantages = TRAITS[code]
    assert option.advantages == tuple(advantages.split())
    assert option.disadvantages == tuple(disadvantages.split())
    assert (option.skill, option.equipment) == ("unknown", "unknown")


# Faults.


def test_broken_toml_is_named_with_its_file_and_line(folder: Path) -> None:
    text = (folder / "options.toml").read_text(encoding="utf-8")
    spoil(folder, "options.toml", "[traits]", "[traits")
    line = text[: text.index("[traits]")].count("\n") + 1
    fault = the_fault(folder)
    assert fault.startswith("options.toml: not TOML: ")
    assert f"line {line}" in fault


def test_a_key_that_stands_twice_is_named_with_its_line(folder: Path) -> None:
    spoil(folder, "facts.toml", 'F2 = "', 'F1 = "again"\nF2 = "')
    text = (folder / "facts.toml").read_text(encoding="utf-8")
    line = text[: text.index('F1 = "again"')].count("\n") + 1
    fault = the_fault(folder)
    assert fault.startswith("facts.toml: not TOML: ")
    assert f"line {line}" in fault


def test_a_table_that_stands_twice_is_a_fault(folder: Path) -> None:
    path = folder / "options.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n[options.combined]\n", encoding="utf-8")
    assert the_fault(folder).startswith("options.toml: not TOML: ")


def test_a_file_that_is_not_utf_8_is_named(folder: Path) -> None:
    (folder / "wording.toml").write_bytes(b'name = "\xff\xfe"\n')
    assert the_fault(folder).startswith("wording.toml: not TOML: ")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert the_fault(folder) == f"{name}: cannot be read (No such file or directory)"


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "facts.toml").unlink()
    (folder / "facts.toml").mkdir()
    assert the_fault(folder) == "facts.toml: cannot be read (Is a directory)"


def test_a_file_that_is_too_large_is_named_with_what_is_allowed(folder: Path) -> None:
    path = folder / "facts.toml"
    padding = MOST_BYTES - len(path.read_bytes())
    path.write_bytes(path.read_bytes() + b"#" * padding)
    assert load_catalog(folder) == CATALOG, "exactly as large as allowed"
    path.write_bytes(path.read_bytes() + b"#")
    assert the_fault(folder) == f"facts.toml: {MOST_BYTES + 1} bytes; allowed: {MOST_BYTES}"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("options.toml", "[traits]", "deep = " + "[" * 50_000 + "\n[traits]"),
        ("facts.toml", "year = 2019", "year = " + "2" * 5_000),
    ],
    ids=["nested too deep", "a number of 5,000 digits"],
)
def test_toml_that_the_parser_itself_gives_up_on_is_a_fault_of_its_file(
    folder: Path, name: str, old: str, new: str
) -> None:
    spoil(folder, name, old, new)
    assert the_fault(folder).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "allowed"),
    [
        ("options.toml", 'skill = "unknown"', "skill = 4", "options.posterior_mis.skill", "'unknown', 1, 2 or 3"),
        ("options.toml", 'skill = "unknown"', 'skill = "high"', "options.posterior_mis.skill", "'unknown', 1, 2 or 3"),
        ("options.toml", 'equipment = "unknown"', "equipment = 0", "options.posterior_mis.equipment", "1, 2 or 3"),
        ("options.toml", "[options.combined]", "[options.Combined]", "options.Combined", "[a-z_]"),
        ("options.toml", '["A7", "A8"]', '["A7", "B8"]', "options.anterior_corpectomy.advantages.1", "[AD]"),
        ("options.toml", 'short = "Combined"', 'short = ""', "options.combined.short", "must not be blank"),
        ("options.toml", 'short = "Combined"', f'short = "{"x" * 25}"', "options.combined.short", "at most 24"),
        ("options.toml", 'facts = ["F9"]', "facts = []", "options.nonoperative.indication.1.facts", "at least 1"),
        ("options.toml", 'facts = ["F9"]', 'facts = ["9"]', "options.nonoperative.indication.1.facts.0", "F[1-9]"),
        ("facts.toml", 'edition = "2026-12"', 'edition = "next"', "edition", r"\d{4}-\d{2}"),
        ("facts.toml", "year = 2019", "year = 19", "source.year", "greater than or equal to 1990"),
        ("facts.toml", "\nF17 = ", "\nF117 = ", "facts.F117", "F[1-9]"),
        ("facts.toml", "[gaps.G12]", "[gaps.X12]", "gaps.X12", "G[1-9]"),
        ("wording.toml", '"{number}, {left}"', '"{n}, {left}"', "step", "{number}, {left}"),
        ("wording.toml", '"{number}, {left}"', '"{left}"', "step", "{number}, {left}"),
        ("wording.toml", '"{number}, {left}"', '"{} of {}"', "step", "{number}, {left}"),
        ("wording.toml", '"{number}, {left}"', '"{number.real}, {left}"', "step", "{number}, {left}"),
        ("wording.toml", "text of {year}", "text of {years}", "result.footer", "{source}, {year}, {edition}"),
        ("wording.toml", "{began}", "{case}", "result.older", "{began}, {edition}"),
        ("wording.toml", 'keep = "Keep"', f'keep = "{"K" * 25}"', "labels.keep", "at most 24"),
        (
            "wording.toml",
            'skill_steps = ["general',
            'skill_steps = ["more", "general',
            "detail.skill_steps",
            "at most 3",
        ),
        ("wording.toml", 'gone = "This case', f'gone = "{"x" * 200} This case', "toasts.gone", "at most 200"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_its_place_and_what_is_allowed(
    folder: Path, name: str, old: str, new: str, place: str, allowed: str
) -> None:
    spoil(folder, name, old, new)
    found = [fault for fault in faults(folder) if fault.startswith(f"{name}: {place}")]
    assert len(found) == 1, faults(folder)
    assert allowed in found[0]


def test_a_rating_is_one_of_the_three_steps_and_nothing_that_merely_equals_one(folder: Path) -> None:
    spoil(folder, "options.toml", 'skill = "unknown"', "skill = true")
    assert the_fault(folder).startswith("options.toml: options.posterior_mis.skill: ")


@pytest.mark.parametrize("blank", ["{number:{x}}", "{number:>99999999}"])
def test_a_blank_is_a_bare_name_without_a_format_of_its_own(folder: Path, blank: str) -> None:
    spoil(folder, "wording.toml", "{number}, {left}", f"{blank}, {{left}}")
    assert the_fault(folder).startswith("wording.toml: step: ")


def test_a_label_with_nothing_to_read_is_a_fault_since_telegram_refuses_it(folder: Path) -> None:
    spoil(folder, "wording.toml", 'new = "New case"', 'new = "  "')
    assert the_fault(folder).startswith("wording.toml: labels.new: ")


def test_a_brace_that_is_left_open_is_a_fault(folder: Path) -> None:
    spoil(folder, "wording.toml", "text of {year}", "text of {year")
    assert the_fault(folder).startswith("wording.toml: result.footer: ")


def test_a_missing_key_is_named(folder: Path) -> None:
    spoil(folder, "wording.toml", 'done = "Done"\n', "")
    assert the_fault(folder) == "wording.toml: labels.done: Field required"


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "allowed"),
    [
        (
            "options.toml",
            "[options.combined]\n",
            '[options.combined]\ncolour = "red"\n',
            "options.combined.colour",
            "name",
        ),
        ("wording.toml", 'done = "Done"\n', 'done = "Done"\nfinish = "End"\n', "labels.finish", "done"),
        ("facts.toml", 'edition = "', 'author = "me"\nedition = "', "author", "edition"),
    ],
)
def test_an_unknown_key_is_named_with_the_keys_that_are_known(
    folder: Path, name: str, old: str, new: str, place: str, allowed: str
) -> None:
    spoil(folder, name, old, new)
    fault = the_fault(folder)
    assert fault.startswith(f"{name}: {place}: ")
    assert allowed in fault.removeprefix(f"{name}: {place}: "), "a person who misspelt a key is told the right ones"


def test_a_trait_that_nobody_defined_is_named_with_those_that_are(folder: Path) -> None:
    spoil(folder, "options.toml", 'disadvantages = ["D3"]', 'disadvantages = ["D3", "D8"]')
    assert (
        the_fault(folder) == "options.toml: options.posterior_mis.disadvantages: 'D8' is not known; "
        "allowed: D1, D2, D3, D4, D5, D6, D7"
    )


def test_a_cost_among_the_gains_is_a_fault(folder: Path) -> None:
    spoil(folder, "options.toml", 'advantages = ["A7", "A8"]', 'advantages = ["A7", "A8", "D4"]')
    assert the_fault(folder).startswith("options.toml: options.anterior_corpectomy.advantages: 'D4' is not known")


def test_a_trait_that_no_option_cites_is_a_fault(folder: Path) -> None:
    spoil(folder, "options.toml", 'D7 = "', 'D8 = "unread"\nD7 = "')
    assert the_fault(folder) == "options.toml: traits.D8: cited by no option"


def test_a_fact_that_nobody_stated_is_named_with_those_that_are(folder: Path) -> None:
    spoil(folder, "options.toml", 'facts = ["F9"]', 'facts = ["F9", "F19"]')
    fault = the_fault(folder)
    assert fault.startswith("options.toml: options.nonoperative.indication.1.facts: 'F19' is not known; allowed: F1, ")
    assert fault.endswith("F17")


def test_the_faults_of_all_files_are_named_at_once(folder: Path) -> None:
    spoil(folder, "facts.toml", "year = 2019", 'year = "lately"')
    spoil(folder, "options.toml", 'skill = "unknown"', "skill = 9")
    spoil(folder, "options.toml", 'short = "Combined"', 'short = ""')
    (folder / "wording.toml").unlink()
    found = faults(folder)
    assert [fault.split(":")[0] for fault in found] == ["facts.toml", "options.toml", "options.toml", "wording.toml"]


def test_all_that_dangles_is_named_at_once(folder: Path) -> None:
    spoil(folder, "options.toml", 'disadvantages = ["D3"]', 'disadvantages = ["D8"]')
    spoil(folder, "options.toml", 'facts = ["F17"]', 'facts = ["F18"]')
    found = faults(folder)
    assert len(found) == 3, "an unknown trait, an unknown fact, and D3 that nobody cites any more"
    assert "options.toml: traits.D3: cited by no option" in found


# Words that look like markup.


def test_text_that_looks_like_markup_is_shown_as_it_stands(folder: Path) -> None:
    nasty = "<b>bold</b> & <script>alert(1)</script> &lt; 5 < 6"
    spoil(folder, "options.toml", 'name = "Combined anterior and posterior"', f'name = "{nasty}"')
    spoil(folder, "options.toml", 'D7 = "high overall morbidity"', f'D7 = "{nasty}"')
    spoil(folder, "facts.toml", 'F17 = "The', f'F17 = "{nasty} The')
    spoil(folder, "wording.toml", 'advantages = "Advantages"', 'advantages = "<i>Advantages"')
    loaded = load_catalog(folder)
    reading = TelegramHtml(str(screen(CaseRenderer(METASTASIS, loaded).option_cards.browse("combined"))["text"]))
    assert reading.faults == []
    assert reading.text.count(nasty) == 3
    assert "<i>Advantages" in reading.text


def test_braces_in_a_text_that_has_no_blanks_are_shown_as_they_stand(folder: Path) -> None:
    spoil(folder, "wording.toml", 'title = "How to use it"', 'title = "How {to} use {0} it"')
    assert Pages(load_catalog(folder)).help().title == "How {to} use {0} it"


# Ratings.


def rated(skill: object, equipment: object) -> Catalog:
    option = CATALOG.options["combined"].model_copy(update={"skill": skill, "equipment": equipment})
    return CATALOG.model_copy(update={"options": {**CATALOG.options, "combined": option}})


def ratings(loaded: Catalog) -> list[tuple[str, str]]:
    card = CaseRenderer(METASTASIS, loaded).option_cards.browse("combined")
    return [
        (line.lead, line.text) for line in lines(card) if line.lead in ("Skill", "Equipment", "Skill and equipment")
    ]


def test_a_rating_that_is_not_known_is_said_to_be_so() -> None:
    assert ratings(CATALOG) == [("Skill and equipment", "not available")]


@pytest.mark.parametrize(
    ("step", "skill", "equipment"),
    [
        (1, "1 · general surgical training suffices", "1 · basic"),
        (2, "2 · some specialist practice", "2 · simple, for operating and imaging"),
        (3, "3 · expert", "3 · everything specialized, for operating and imaging"),
    ],
)
def test_a_rating_that_is_stated_is_shown_with_its_words(folder: Path, step: int, skill: str, equipment: str) -> None:
    head, tail = (folder / "options.toml").read_text(encoding="utf-8").split("[options.combined]")
    tail = tail.replace('"unknown"', str(step))
    (folder / "options.toml").write_text(f"{head}[options.combined]{tail}", encoding="utf-8")
    assert ratings(load_catalog(folder)) == [("Skill", skill), ("Equipment", equipment)]


def test_skill_and_equipment_are_rated_apart() -> None:
    assert ratings(rated(3, "unknown")) == [
        ("Skill", "3 · expert"),
        ("Equipment", "not available"),
    ]
