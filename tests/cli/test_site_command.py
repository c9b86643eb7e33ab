"""The site file as it is read from a disk, checked by a command, and refused at the start; its example."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest
from commands import Spinemets

from bot.commands import site_check
from bot.settings import Settings, SettingsError
from bot.site_file import MOST_BYTES, read_site
from flows.catalog.site import NO_SITE, Site
from flows.errors import SiteFileError

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "site.example.toml"
WHOLE: Final = "T8 fit no deficit body only limited, no prior treatment"
NAMED: Final = 'hospital = "Example Hospital"\n'


def fault(path: Path) -> str:
    with pytest.raises(SiteFileError) as refused:
        read_site(path)
    [told] = refused.value.faults
    assert told.startswith(f"{path}: ")
    return told.removeprefix(f"{path}: ")


def written(folder: Path, raw: bytes) -> Path:
    path = folder / "site.toml"
    path.write_bytes(raw)
    return path


def test_the_example_of_the_documents_can_be_used_and_says_something_of_every_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = read_site(EXAMPLE)
    assert all((site.hospital, site.emergency, site.zone, site.picture))
    assert {here.available for here in site.options.values()} == {True, False}
    assert site_check(EXAMPLE) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{EXAMPLE} can be used."
    assert "options.combined: not available here, not rated" in told
    assert "options.anterior_corpectomy: available, not rated" in told
    assert any("options.posterior: available, skill 2, equipment 2, reviewed by A. Example" in line for line in told)


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbf" + NAMED.encode(), NAMED.replace("\n", "\r\n").encode()])
def test_a_file_is_read_however_an_editor_saves_it(tmp_path: Path, raw: bytes) -> None:
    assert read_site(written(tmp_path, raw)) == Site("Example Hospital")


@pytest.mark.parametrize("raw", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_named(tmp_path: Path, raw: bytes) -> None:
    assert fault(written(tmp_path, raw)).startswith("is empty; write it as in")


def test_a_file_of_comments_alone_lacks_the_hospital(tmp_path: Path) -> None:
    assert fault(written(tmp_path, b"# nothing yet\n")).startswith("hospital: is missing")


@pytest.mark.parametrize("raw", [NAMED.encode() + b'emergency = "\xfc"\n', NAMED.encode() + "é".encode("utf-16")])
def test_what_is_not_utf_8_is_named_with_its_line(tmp_path: Path, raw: bytes) -> None:
    assert fault(written(tmp_path, raw)) == "line 2 is not UTF-8 text; save the file as UTF-8"


def test_a_file_that_is_too_big_is_not_read_on(tmp_path: Path) -> None:
    assert "more than 100000 bytes" in fault(written(tmp_path, b"#" * (MOST_BYTES + 1)))


def test_a_folder_a_pipe_and_what_does_not_exist_are_named(tmp_path: Path) -> None:
    assert fault(tmp_path).startswith("is a folder, not a file")
    os.mkfifo(tmp_path / "pipe")
    assert fault(tmp_path / "pipe").startswith("is a pipe or a device")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert fault(tmp_path / "link").startswith("does not exist; check the path")
    assert fault(tmp_path / ("x" * 300)).startswith("cannot be read (File name too long)")
    assert fault(written(tmp_path, b"x") / "below").startswith("cannot be read (Not a directory)")


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path, __: str) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, NAMED.encode())
    monkeypatch.setattr(Path, "open", refused)
    assert fault(path).startswith("cannot be read (Permission denied); make it readable")


def test_a_setting_without_a_file_is_no_site_and_one_with_a_faulty_file_is_refused_line_by_line(
    tmp_path: Path,
) -> None:
    assert Settings(site_file="").site == NO_SITE
    path = written(tmp_path, b'zone = "x"\n[options.combined]\nskill = 9\n')
    with pytest.raises(SettingsError) as refused:
        _ = Settings(site_file=str(path)).site
    lines = str(refused.value).splitlines()[1:]
    assert [line.split(": ")[2] for line in lines] == [
        "hospital",
        "zone",
        "options.combined.skill",
        "options.combined.reviewer",
        "options.combined.date",
    ]
    assert all(line.startswith(f"  SITE_FILE: {path}: ") for line in lines)


@pytest.mark.slow
def test_the_program_refuses_a_faulty_file_and_uses_a_sound_one(tmp_path: Path) -> None:
    spinemets = Spinemets(tmp_path)
    path = written(tmp_path, b'hospital = "<b>"\n')
    checked = spinemets("site", "check", str(path))
    assert (checked.returncode, checked.stdout) == (1, b"")
    assert b"hospital: holds markup (<b); write plain words" in checked.stderr
    started = spinemets("run", SITE_FILE=str(path))
    assert started.returncode == 78
    assert b"  SITE_FILE: " in started.stderr
    assert b"Traceback" not in started.stderr + checked.stderr
    written(tmp_path, f"{NAMED}[options.posterior_mis]\navailable = false\n".encode())
    told = spinemets("decide", WHOLE, SITE_FILE=str(path)).stdout.decode()
    assert "Posterior MIS is not available here (Example Hospital): refer" in " ".join(told.split())
    assert "Posterior MIS: Supported by the source · not available here" in " ".join(told.split())
