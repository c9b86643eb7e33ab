"""Writes the page on which the spine is tapped: one document with its style, its script and the drawing in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template
from typing import Final

import orjson

from bot.pictures.outline import HEIGHT, WIDTH, Outline, outlines, sacrum
from flows.catalog.wording import DrawingWording
from flows.model.flow import Choice, Question

ROW: Final = 22
"""Pixels from one level to the next; their labels are twice as high, and stand on both sides in turn."""


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A page, and what a browser may do with it.

    Attributes:
        html: the document.
        policy: its Content-Security-Policy: nothing but what stands in it, and nowhere but its own server.
    """

    html: str
    policy: str


def page_document(levels: Question, part: Question, words: DrawingWording) -> PageDocument:
    """Write the page that asks for levels and, if wanted, for the part of the vertebra."""
    style, script = _source("spine.css"), _source("spine.js")
    order = [choice.code for choice in levels.choices]
    said = orjson.dumps({"order": order, **words.model_dump()}).decode().replace("<", "\\u003c")
    later = Choice("", words.later)
    html = Template(_source("spine.html")).substitute(
        title=escape(words.title),
        style=style,
        script=script,
        words=said,
        levels_question=escape(levels.text),
        part_question=escape(part.text),
        part_hint=escape(words.legend),
        levels="".join(_input("checkbox", "levels", choice) for choice in levels.choices),
        parts="".join(_input("radio", "part", choice) for choice in (*part.choices, later)),
        drawing=_drawing(outlines()),
        width=str(WIDTH),
        height=str(HEIGHT),
        hint=escape(words.hint),
        nothing=escape(words.nothing),
        send=escape(words.send),
    )
    return PageDocument(html, _policy(style, script))


def _policy(style: str, script: str) -> str:
    rules: Mapping[str, str] = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self' https://web.telegram.org",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _source(name: str) -> str:
    return resources.files("bot.telegram.webapp").joinpath("page", name).read_text(encoding="utf-8")


def _input(kind: str, name: str, choice: Choice) -> str:
    checked = " checked" if kind == "radio" and not choice.code else ""
    field = f'<input type="{kind}" name="{name}" value="{escape(choice.code)}"{checked}>'
    return f"<label>{field}<span>{escape(choice.label)}</span></label>"


def _drawing(bones: Sequence[Outline]) -> str:
    """Draw the vertebrae from below, so that each process lies over the next one."""
    drawn = [f'<path class="sacrum" d="{sacrum()}"/>']
    drawn += [_vertebra(place, bone) for place, bone in reversed(list(enumerate(bones)))]
    return "".join(drawn)


def _vertebra(place: int, bone: Outline) -> str:
    """Draw a vertebra, with the line that leads to its label."""
    left, row = place % 2 == 0, (place + 1) * ROW
    (x, y), end = (bone.front, 0) if left else (bone.tip, WIDTH)
    lead = f'<line class="lead" x1="{end}" y1="{row}" x2="{x:.1f}" y2="{y:.1f}"/>'
    paths = [("disc", bone.disc), ("arch", bone.arch), ("pedicle", bone.pedicle), ("body", bone.body)]
    shapes = "".join(f'<path class="{name}" d="{path}"/>' for name, path in paths)
    return f'<g data-level="{bone.name}">{lead}{shapes}</g>'
