"""The local Bot API reads formatted text as Telegram does: the same entities, the same faults."""

from __future__ import annotations

import pytest

from bot.playground.errors import ApiError
from bot.playground.text.entities import formatted

INVALID = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
)


def shown(html: str) -> tuple[str, list[str]]:
    """Read HTML; give the text, and each entity as `type offset+length`, with its link or language behind."""
    said = formatted(html, "HTML")
    return said.text, [
        " ".join([each["type"], f"{each['offset']}+{each['length']}", *map(str, list(each.values())[3:])])
        for each in said.entities
    ]


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<b>T8</b> <strong>L5</strong>", "T8 L5", ["bold 0+2", "bold 3+2"]),
        ("<i>a</i><em>b</em>", "ab", ["italic 0+2"]),
        ("<u>a</u> <ins>b</ins>", "a b", ["underline 0+1", "underline 2+1"]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", ["strikethrough 0+3"]),
        ('<span class="tg-spoiler">a</span> <tg-spoiler>b</tg-spoiler>', "a b", ["spoiler 0+1", "spoiler 2+1"]),
        ("<code>F12</code>", "F12", ["code 0+3"]),
        ("<pre>x\n y</pre>", "x\n y", ["pre 0+4"]),
        ('<pre><code class="language-toml">a = 1</code></pre>', "a = 1", ["pre 0+5 toml"]),
        ('<code class="language-toml"><pre>a = 1</pre></code>', "a = 1", ["pre 0+5 toml"]),
        ('<code class="language-toml">a</code>', "a", ["code 0+1"]),
        ("<blockquote>a</blockquote>", "a", ["blockquote 0+1"]),
        ("<blockquote expandable>a</blockquote>", "a", ["expandable_blockquote 0+1"]),
        ("<a href='https://aofoundation.org'>AO</a>", "AO", ["text_link 0+2 https://aofoundation.org/"]),
        ("<a href=aofoundation.org>AO</a>", "AO", ["text_link 0+2 http://aofoundation.org/"]),
        ("<a>aofoundation.org/x</a>", "aofoundation.org/x", ["text_link 0+18 http://aofoundation.org/x"]),
        ('<a href="tg://resolve?domain=x">bot</a>', "bot", ["text_link 0+3 tg://resolve?domain=x"]),
        ('<a href="no link">x</a> <a href="mailto:a@b.c">x</a> <a href="http://[">x</a>', "x x x", []),
        ("&lt;b&gt; &amp;&quot; &#8211; &#x2013; &lt", '<b> &" – – <', []),
        ("&nbsp; &ge; &#12345678; &#0; &; a&b", "&nbsp; &ge; &#12345678; &#0; &; a&b", []),
        ("<B>loud</b>", "loud", ["bold 0+4"]),
        ("<b>a</>", "a", ["bold 0+1"]),
        ("<b title = 'x>y' lang=en >a</b  >", "a", ["bold 0+1"]),
    ],
)
def test_every_tag_and_character_that_telegram_knows(html: str, text: str, entities: list[str]) -> None:
    assert shown(html) == (text, entities)


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("🦴 <b>🦴T8</b>", "🦴 🦴T8", ["bold 3+4"]),
        ("<b>a <i>b <u>c</u></i></b>", "a b c", ["bold 0+5", "italic 2+3", "underline 4+1"]),
        ("<i><b>x</b></i>", "x", ["bold 0+1", "italic 0+1"]),
        ("<b><blockquote>x</blockquote></b>", "x", ["blockquote 0+1", "bold 0+1"]),
        ("<b>a <code>F1</code> b</b>", "a F1 b", ["bold 0+2", "code 2+2", "bold 4+2"]),
        ("<pre>a <b>b</b></pre>", "a b", ["pre 0+3"]),
        ('<a href="https://a.org">a <code>b</code></a>', "a b", ["code 2+1"]),
        ("<b>a</b><b>b</b>", "ab", ["bold 0+2"]),
    ],
)
def test_entities_nest_and_are_measured_in_utf_16(html: str, text: str, entities: list[str]) -> None:
    assert shown(html) == (text, entities)


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("\n  a \n", "a", []),
        ("  <b>a</b>", "a", ["bold 0+1"]),
        ("<b> a </b>\n", " a", ["bold 0+2"]),
        ("a<b> </b>", "a", []),
        ("a <b> </b> b", "a   b", []),
        ("a\r\nb\tc\0d", "a\nb c d", []),
        ("<b>🦴 </b>", "🦴", ["bold 0+2"]),
    ],
)
def test_text_is_cleaned_and_trimmed(html: str, text: str, entities: list[str]) -> None:
    assert shown(html) == (text, entities)


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start demo", ["bot_command 0+6"]),
        ("try /new, or /help@spinemets_bot", ["bot_command 4+4", "bot_command 13+19"]),
        ("🦴 /new", ["bot_command 3+4"]),
        ("and/or T8/T9 //x </b /" + "x" * 65, []),
    ],
)
def test_commands_are_found(text: str, entities: list[str]) -> None:
    assert [f"{each['type']} {each['offset']}+{each['length']}" for each in formatted(text).entities] == entities


def test_commands_in_code_are_none() -> None:
    assert shown("<code>/new</code> /help") == ("/new /help", ["code 0+4", "bot_command 5+5"])


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("T8 < T9", 'Unsupported start tag "" at byte offset 3'),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<i>a</i   ", "Unclosed end tag at byte offset 4"),
        ("🏟<abacaba", "Unclosed start tag at byte offset 4"),
        ("<a href='x>a</a>", "Unclosed start tag at byte offset 0"),
        ("<a href='x'", "Unclosed start tag at byte offset 0"),
        ("<a href=x", "Unclosed start tag at byte offset 0"),
        ("<i    aba  =  ", 'Unclosed start tag "i" at byte offset 0'),
        ("<i  aba  =  190azAz-.,", "Unexpected end of name token at byte offset 12"),
        ("<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("&#xDFDF;", INVALID),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(html: str, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        formatted(html, "HTML")
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"
