"""The hospital's own file: what it may say, what is wrong with it, and what cards, copies and records say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from kit import CATALOG, T4, T8, FakePrivateChat, played, read
from team_kit import ANA, BEN, T8_TAPS, FakeGroup

from bot.service.times import time_writer
from flows.cards.card import Card, Style
from flows.cards.case import CaseRenderer
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.catalog.site import NO_SITE, KnownValues, LocalOption, Site, parse_site
from flows.engine.interview import Interview
from flows.errors import SiteFileError
from flows.export.picture import SpinePictures, SpineView
from flows.export.record_page import PageTime, RecordPages, RecordView
from flows.export.records import recommendation_record
from flows.model.findings import Findings
from flows.model.rules import decide
from flows.pathways.metastasis import EMERGENCY, METASTASIS
from flows.pathways.registry import flow_registry

ZONES: Final = (
    "UTC",
    *(f"Europe/{city}" for city in ("Berlin", "London", "Oslo", "Paris", "Rome", "Riga", "Graz", "Bern")),
)
KNOWN: Final = KnownValues(tuple(CATALOG.options), ZONES, "2026-11-29")
NAMED: Final = 'hospital = "Example Hospital"\n'
RATED: Final = "[options.combined]\nskill = 3\n"
REVIEWED: Final = 'reviewer = "A. Example"\ndate = 2026-03-12\n'

MINE: Final = Site(
    "Example Hospital",
    "cord team, +00 000",
    options={
        "posterior_mis": LocalOption(available=False),
        "posterior": LocalOption(skill=2, equipment=1, reviewer="A. Example", date="2026-03-12"),
        "combined": LocalOption(available=False, skill=3, reviewer="B. Example", date="2025-12-01"),
    },
)
REFER: Final = "Not available here: refer if you choose it."
REFERRED: Final = "Posterior MIS is not available here (Example Hospital): refer if you choose it."
LINE: Final = f"{EMERGENCY} Example Hospital: cord team, +00 000"


def parsed(text: str) -> Site:
    return parse_site("site.toml", text, KNOWN)


def faults(text: str) -> list[str]:
    with pytest.raises(SiteFileError) as raised:
        parsed(text)
    assert all(fault in str(raised.value) for fault in raised.value.faults), "every fault is told"
    return raised.value.faults


# What a file may say.


def test_a_file_that_names_the_hospital_alone_says_nothing_else() -> None:
    assert parsed(NAMED) == Site("Example Hospital")
    assert parsed(NAMED).option("combined") == LocalOption()


def test_a_file_says_whom_to_call_what_is_available_and_how_it_rates_options() -> None:
    text = (
        f'{NAMED}emergency = " cord team, +00 000 "\nzone = "Europe/Berlin"\npicture = "dark"\n'
        f"[options.combined]\navailable = false\nequipment = 2\n{REVIEWED}"
    )
    rated = LocalOption(available=False, equipment=2, reviewer="A. Example", date="2026-03-12")
    assert parsed(text) == Site("Example Hospital", "cord team, +00 000", "Europe/Berlin", "dark", {"combined": rated})


@pytest.mark.parametrize("date", ["2026-03-12", '"2026-03-12"', "2026-11-29"])
def test_a_date_may_stand_in_quotes_and_may_be_today(date: str) -> None:
    site = parsed(f'{NAMED}{RATED}reviewer = "A"\ndate = {date}\n')
    assert site.option("combined").date == date.strip('"')


@pytest.mark.parametrize("name", ["Brigham & Women's", "CHU Liège · Sart Tilman", "Klinikum Süd (*21#)", "東京病院"])
def test_a_name_may_be_written_in_any_script(name: str) -> None:
    assert parsed(f'hospital = "{name}"').hospital == name


# What is wrong with a file: where it stands, and what to do.


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "hospital", "is missing; write hospital ="),
        ("hospital = 3", "hospital", "must be text in quotes"),
        ('hospital = " "', "hospital", "must not be blank"),
        (f'hospital = "{"x" * 51}"', "hospital", "has 51 characters; write at most 50"),
        ('hospital = "a\\nb"', "hospital", "(U+000A); remove it"),
        ('hospital = "a\\u202Eb"', "hospital", "(U+202E); remove it"),
        ('hospital = "a\\uE000b"', "hospital", "(U+E000); remove it"),
        ('hospital = "a\\u007Fb"', "hospital", "(U+007F); remove it"),
        ('hospital = "<b>a</b>"', "hospital", "holds markup (<b); write plain words"),
        ('hospital = "**a**"', "hospital", "holds markup (**)"),
        ('hospital = "[a](http://b)"', "hospital", "holds markup (]()"),
        ('hospital = "a &amp; b"', "hospital", "holds markup (&amp;)"),
        (f'{NAMED}emergency = "{"1" * 101}"', "emergency", "write at most 100"),
        (f'{NAMED}emergency = ["+00", "+01"]', "emergency", "must be text in quotes"),
        (f'{NAMED}zone = "Berlin"', "zone", "did you mean Europe/Berlin?"),
        (f'{NAMED}zone = "Europe/Lodnon"', "zone", "did you mean Europe/London?"),
        (f'{NAMED}zone = "??"', "zone", "write one such as Europe/Berlin"),
        (f"{NAMED}zone = 1", "zone", "must be text in quotes"),
        (f'{NAMED}picture = "blue"', "picture", 'must be "light" or "dark"'),
        (f"{NAMED}picture = []", "picture", 'must be "light" or "dark"'),
        (f'{NAMED}emergncy = "x"', "emergncy", "did you mean emergency? Allowed: hospital,"),
        (f'{NAMED}"\\u001B[31m" = 1', "'\\x1b[31m'", "is not a key of this file"),
        (f"{NAMED}options = 3", "options", "must be tables, such as [options.combined]"),
        (f"{NAMED}[options]\ncombined = false", "options.combined", "must be a table"),
        (f"{NAMED}[options.combined]", "options.combined", "holds nothing; write available"),
        (f"{NAMED}[options.combind]\navailable = true", "options.combind", "did you mean combined? Allowed:"),
        (f'{NAMED}[options."Posterior MIS"]\navailable = true', "options.Posterior MIS", "mean posterior_mis?"),
        (f"{NAMED}[options.mis]\navailable = true", "options.mis", "did you mean posterior_mis?"),
        (f"{NAMED}[options.x]\navailable = true", "options.x", "; allowed: posterior_mis,"),
        (f'{NAMED}[options.combined]\navailable = "no"', "options.combined.available", "must be true or false"),
        (f"{NAMED}[options.combined]\navailable = 0", "options.combined.available", "must be true or false"),
        (f"{NAMED}[options.combined]\nskill = 4\n{REVIEWED}", "options.combined.skill", "must be 1, 2 or 3"),
        (f"{NAMED}[options.combined]\nskill = true\n{REVIEWED}", "options.combined.skill", "must be 1, 2 or 3"),
        (f"{NAMED}[options.combined]\nskill = 2.0\n{REVIEWED}", "options.combined.skill", "must be 1, 2 or 3"),
        (f'{NAMED}[options.combined]\nequipment = "2"\n{REVIEWED}', "options.combined.equipment", "without quotes"),
        (f"{NAMED}{RATED}date = 2026-03-12", "options.combined.reviewer", "is missing; a rating needs it"),
        (f'{NAMED}{RATED}reviewer = "A"', "options.combined.date", "is missing; a rating needs it"),
        (f'{NAMED}{RATED}reviewer = "A"\ndate = 2026-11-30', "options.combined.date", "is in the future"),
        (f'{NAMED}{RATED}reviewer = "A"\ndate = "12.3.26"', "options.combined.date", "must be a date, such as"),
        (f'{NAMED}{RATED}reviewer = "A"\ndate = "2026-02-30"', "options.combined.date", "no calendar has"),
        (f'{NAMED}{RATED}reviewer = "A"\ndate = 2026-03-12T10:00:00', "options.combined.date", "must be a date"),
        (f"{NAMED}{RATED}{REVIEWED}reviewr = 1", "options.combined.reviewr", "did you mean reviewer?"),
        (f'{NAMED}[options.combined]\navailable = true\nreviewer = "A"', "options.combined.reviewer", "add skill"),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_to_do(text: str, place: str, said: str) -> None:
    [fault] = faults(text)
    assert fault.startswith(f"site.toml: {place}: ")
    assert said in fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hospital", "is not TOML: Expected '='"),
        (f"{NAMED}{NAMED}", "(at line 2, column 30); each key and each table may stand only once"),
        ("[options.x]\n[options.x]\n", "twice (at line 2, column 11); each key"),
        ("date = 2026-02-30\n", "is not TOML: Invalid date or datetime (at line 1, column 8)"),
        (f"a = {'[' * 20_000}", "is nested too deep"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, said: str) -> None:
    [fault] = faults(text)
    assert said in fault


def test_every_fault_of_a_file_is_listed_at_once() -> None:
    text = 'zone = "x"\n[options.a]\n[options.combined]\nskill = 0\navailable = 1\n'
    assert [fault.split(": ")[1] for fault in faults(text)] == [
        "hospital",
        "zone",
        "options.a",
        "options.a",
        "options.combined.skill",
        "options.combined.available",
        "options.combined.reviewer",
        "options.combined.date",
    ]


# What cards say of it.


def offered(site: Site) -> tuple[Catalog, CaseRenderer, Interview]:
    registry = flow_registry(site)
    flow = registry.flow()
    return registry.catalog, CaseRenderer(flow, registry.catalog), Interview(flow)


def drawn(findings: Findings, site: Site = MINE) -> Card:
    _, cards, interview = offered(site)
    case = played(findings, interview)
    return cards.case(case, interview.state(case))


def detail(code: str, findings: Findings, site: Site = MINE) -> str:
    _, cards, interview = offered(site)
    case = played(findings, interview)
    return read(cards.option_cards.option(case, interview.state(case), code)).text


def test_the_headline_stays_the_sources_and_says_that_it_is_not_available_here() -> None:
    card = drawn(T8)
    assert card.title == drawn(T8, NO_SITE).title == "Posterior MIS"
    warnings = [line.text for block in card.blocks if block.style is Style.summary for line in block.lines]
    assert REFER in warnings
    assert "✗ Combined: indication not met · not available here" in read(card).text


def test_both_sides_of_an_open_fork_are_marked() -> None:
    here = Site("Example Hospital", options={code: LocalOption(available=False) for code in CATALOG.options})
    text = read(drawn({**T8, "fitness": ("undecided",)}, here)).text
    assert "If fit: Posterior MIS (not available here)" in text
    assert "If unfit: Non-operative treatment (not available here)" in text
    assert text.count(REFER) == 1


def test_no_verdict_and_no_order_changes_whatever_is_not_available() -> None:
    here = Site("Example Hospital", options={code: LocalOption(available=False) for code in CATALOG.options})
    registry = flow_registry(here)
    guidance = replace(METASTASIS.guidance, notes=registry.flow().guidance.notes)
    assert registry.flow().guidance == guidance
    assert registry.catalog.options == CATALOG.options
    assert decide(guidance, METASTASIS.effective(T8)).headline == decide(METASTASIS.guidance, T8).headline


def test_an_options_card_shows_the_hospitals_rating_with_reviewer_and_date() -> None:
    text = detail("posterior", T8)
    assert "Our rating (Example Hospital)" in text
    assert "Skill: 2 · some specialist practice" in text
    assert "Equipment: 1 · basic" in text
    assert "Reviewed by A. Example, 12 Mar 2026" in text
    assert "not available" not in text


def test_a_rating_of_skill_alone_says_nothing_of_equipment() -> None:
    text = detail("combined", T4)
    assert "Skill: 3 · expert" in text
    assert "Equipment" not in text
    assert REFER in text


def test_what_the_hospital_does_not_rate_stays_unknown() -> None:
    assert "Skill and equipment: not available" in detail("anterior_corpectomy", T8)
    assert "Our rating" not in detail("anterior_corpectomy", T8)
    assert "Skill and equipment: not available" in detail("posterior", T8, NO_SITE)


def test_options_side_by_side_show_verdict_mark_and_ratings() -> None:
    _, cards, interview = offered(MINE)
    case = played(T4, interview)
    text = read(cards.compare(case, interview.state(case), ("posterior", "combined"))).text
    assert "not available here" in text
    assert "Posterior (open): skill 2 · some specialist practice; equipment 1 · basic; reviewed by A. Example" in text
    assert "Combined: skill 3 · expert; reviewed by B. Example, 1 Dec 2025" in text


def test_the_emergency_line_stands_wherever_the_emergency_note_does() -> None:
    catalog, cards, interview = offered(MINE)
    case = played({"levels": ("T8",), "fitness": ("fit",)}, interview)
    assert LINE in read(cards.case(case, interview.state(case))).text
    unfit = {"levels": ("T8",), "fitness": ("unfit_comorbidity",)}
    assert LINE in read(drawn(unfit)).text
    findings = METASTASIS.effective(unfit)
    assert LINE in SpinePictures(interview.flow, catalog).caption(SpineView(findings))
    assert LINE in [note["text"] for note in recommendation_record(interview.flow, catalog, findings)["notes"]]  # type: ignore[attr-defined]


def test_pages_without_a_case_say_what_is_not_available_and_whose_word_it_is() -> None:
    catalog, cards, _ = offered(MINE)
    assert "Combined (not available here)" in read(Pages(catalog).options()).text
    assert REFER in read(cards.option_cards.browse("posterior_mis")).text
    about = read(Pages(catalog).about()).text
    assert "Example Hospital states in a file of its own" in about
    assert "Example Hospital: cord team, +00 000" in about
    assert "Example Hospital" not in read(Pages(CATALOG).about()).text


def test_what_if_and_what_is_still_possible_mark_it_too() -> None:
    _, cards, interview = offered(MINE)
    case = played({"levels": ("T8",), "fitness": ("fit",)}, interview)
    assert "Posterior MIS (not available here)" in read(cards.case(case, interview.state(case))).text
    whole = played(T8, interview)
    what_if = cards.what_if(whole, interview.state(whole), "deficit", "significant")
    assert "Now: Posterior MIS (not available here)" in read(what_if).text


# Copy, record, JSON and picture.


async def test_the_copied_text_says_what_is_not_available_and_the_rating_of_what_leads() -> None:
    rated = {"posterior_mis": LocalOption(available=False, skill=3, reviewer="A. Example", date="2026-03-12")}
    catalog, cards, interview = offered(Site("Example Hospital", options=rated))
    case = played(T8, interview)
    copied = cards.copy_card(case, interview.state(case))
    text = "\n".join(line.text for block in copied.blocks for line in block.lines)
    assert REFERRED in text
    assert (
        "Our rating (Example Hospital), Posterior MIS: skill 3 · expert; reviewed by A. Example, 12 Mar 2026" in text
    )
    assert catalog.options == CATALOG.options


async def test_a_teams_vote_poll_decision_and_record_say_it() -> None:
    group = FakeGroup(site=MINE)
    card = await group.finished()
    await group.tap("Discuss", at=card)
    assert "Posterior MIS (not available here)" in group.polls[max(group.polls)].answers
    await group.vote("Posterior MIS", BEN)
    assert "supported by the source · not available here" in read(group.messages[card]).text.lower()
    await group.tap("Close", "Posterior MIS", who=ANA, at=card)
    assert REFER in read(group.messages[card]).text
    await group.tap("Decide", who=ANA, at=card)
    assert REFER in read(group.messages[card]).text
    record = read(group.card).text
    assert record.startswith("Decision: Posterior MIS")
    assert REFER in record
    assert REFERRED in record, "in the text to copy"


def test_json_says_what_the_hospital_says_apart_from_the_verdicts() -> None:
    registry = flow_registry(MINE)
    findings = METASTASIS.effective(T8)
    here = recommendation_record(registry.flow(), registry.catalog, findings)
    bare = recommendation_record(METASTASIS, CATALOG, findings)
    assert bare["site"] is None
    assert here["options"] == bare["options"]
    site = here["site"]
    assert isinstance(site, dict)
    assert (site["hospital"], site["emergency"]) == ("Example Hospital", "cord team, +00 000")
    assert site["options"]["posterior"] == {
        "available": True,
        "skill": 2,
        "equipment": 1,
        "reviewer": "A. Example",
        "date": "2026-03-12",
    }
    assert site["options"]["anterior_corpectomy"]["skill"] is None


def test_the_picture_marks_its_option() -> None:
    registry = flow_registry(MINE)
    caption = SpinePictures(registry.flow(), registry.catalog).caption(SpineView(METASTASIS.effective(T8)))
    assert "✓ supported · not available here" in caption


def test_the_page_of_the_record_says_what_is_not_available_and_whom_to_call() -> None:
    registry = flow_registry(MINE)
    unsure = METASTASIS.effective({**T8, "deficit": ("minor",)})
    page = RecordPages(registry.flow(), registry.catalog).page(RecordView(unsure, PageTime("now", 1_800_000_000)))
    assert REFERRED in str(page)
    assert LINE in str(page)


async def test_a_picture_has_the_ground_of_the_hospital_until_a_person_chooses() -> None:
    group = FakeGroup(site=Site("Example Hospital", picture="dark"))
    await group.finished()
    record = await group.case()
    drawing = await group.store.transact(lambda repository: group.services.pictures.of(repository, record.case.id))
    assert drawing
    assert drawing.drawing["theme"] == "dark"


async def test_a_private_case_shows_it_from_the_first_question_to_the_card() -> None:
    chat = FakePrivateChat(words=flow_registry(MINE).catalog)
    await chat.command("new")
    await chat.tap("T8", "Only T8 ›", "Fit")
    assert LINE in read(chat.card).text
    await chat.tap("None", "Body only", "Limited", "None")
    assert REFER in read(chat.card).text


# Times.


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("", "24 Nov 2026, 14:05 UTC"),
        ("UTC", "24 Nov 2026, 14:05 UTC"),
        ("Europe/Berlin", "24 Nov 2026, 15:05 CET (UTC+01:00)"),
        ("America/St_Johns", "24 Nov 2026, 10:35 NST (UTC-03:30)"),
        ("Pacific/Kiritimati", "25 Nov 2026, 04:05 UTC+14:00"),
    ],
)
def test_a_time_is_written_in_the_zone_of_the_hospital_with_its_distance_to_utc(zone: str, written: str) -> None:
    assert time_writer(zone)(1_795_529_100.0) == written


async def test_copies_and_decisions_are_dated_in_the_zone_of_the_hospital() -> None:
    site = Site("Example Hospital", zone="Asia/Tokyo")
    chat = FakePrivateChat(words=flow_registry(site).catalog)
    await chat.command("new")
    await chat.tap(*T8_TAPS, "Copy")
    assert "JST (UTC+09:00)" in read(chat.card).text
    group = FakeGroup(site=site)
    await group.decided()
    assert "JST (UTC+09:00)" in read(group.card).text
