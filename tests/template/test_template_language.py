"""The template language: what it reads, that printing is its inverse, and what it says about mistakes."""

import time
from contextlib import suppress
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import TemplateError
from promptlab.template import (
    Demonstrations,
    Field,
    Filter,
    Mask,
    Part,
    Soft,
    Template,
    Text,
    Token,
    Trigger,
    Turn,
    check_template,
    parse_parts,
)
from promptlab.template.parse import place_tags

words = st.text(min_size=1, max_size=12).filter(lambda text: "[MASK]" not in text)
filters = st.one_of(
    st.sampled_from(["lower", "upper", "lower_first", "upper_first", "drop_last", "strip"]).map(Filter),
    st.builds(Filter, st.just("strip"), words),
    st.builds(Filter, st.just("limit"), st.integers(1, 5000).map(str)),
)
parts = st.one_of(
    st.text(alphabet="ab {}\\\n|:#é", min_size=1, max_size=8).map(Text),
    words.map(Text),
    st.builds(Field, words, st.lists(filters, max_size=3).map(tuple)),
    st.builds(
        Field,
        st.sampled_from(
            ["mask", "soft", "field", "assistant", "system", "user", "soft:8", "a: b", " x ", "Review Text"]
        ),
    ),
    st.just(Mask()),
    st.builds(Soft, st.integers(1, 1000), st.just(""), st.just("") | words),
    st.builds(Soft, st.just(1), words | st.just("8"), st.just("") | words),
    st.builds(Trigger, st.integers(1, 1000)),
    words.map(Token),
)


def normalised(listed: list[Part]) -> tuple[Part, ...]:
    """Neighbouring texts joined, as the parser leaves them."""
    joined: list[Part] = []
    for is_text, group in groupby(listed, key=lambda part: isinstance(part, Text)):
        members = list(group)
        joined += [Text("".join(part.text for part in members))] if is_text else members  # type: ignore[union-attr]
    return tuple(joined)


@given(st.lists(parts, max_size=6), st.booleans())
def test_parsing_what_is_printed_gives_the_template_again(listed: list[Part], has_demonstrations: bool) -> None:
    template = Template(normalised([*listed, *([Demonstrations()] if has_demonstrations else [])]))
    assert Template.parse(str(template)) == template


said = st.lists(parts.filter(lambda part: part != Mask()), max_size=3)


@given(st.none() | said, said, st.booleans(), st.lists(parts, max_size=3))
def test_parsing_a_printed_conversation_gives_it_again(
    system: list[Part] | None, user: list[Part], has_demonstrations: bool, reply: list[Part]
) -> None:
    before = [] if system is None else [*system, Turn("system")]
    shown = [Demonstrations()] if has_demonstrations else []
    template = Template(normalised([*before, *shown, *user, Turn("assistant"), *reply]))
    assert Template.parse(str(template)) == template
    assert template.turns() == (*(() if system is None else ("system",)), "user", "assistant")


@given(st.lists(st.sampled_from(["{system}", "{assistant}", "{mask}", "{demos}", "a ", "{text}"]), max_size=7))
def test_a_conversation_that_parses_has_its_turns_in_order(written: list[str]) -> None:
    try:
        template = Template.parse("".join(written))
    except TemplateError:
        return
    assert template.turns() in ((), ("user", "assistant"), ("system", "user", "assistant"))
    if template.turns():
        assert "{mask}" not in written[: written.index("{assistant}")]


@given(st.text(alphabet="{}|:#\\ ab8\nmask soft token demos trigger limit field", max_size=60) | st.text())
def test_only_template_errors_leave_the_parser_and_what_parses_prints_the_same(text: str) -> None:
    try:
        template = Template.parse(text)
    except TemplateError as error:
        assert error.line >= 1 and error.column >= 1
    else:
        assert Template.parse(str(template)) == template
        assert Text("") not in template.parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A {mask} news: {title}", (Text("A "), Mask(), Text(" news: "), Field("title"))),
        ("{ s0 |lower_first|limit 110}", (Field("s0", (Filter("lower_first"), Filter("limit", "110"))),)),
        ("{s0|strip .}", (Field("s0", (Filter("strip", "."),)),)),
        (r"{s0|strip .\ }", (Field("s0", (Filter("strip", ". "),)),)),
        ("{soft}{soft:8}", (Soft(), Soft(8))),
        ("{soft:It was}{soft:2#topic}", (Soft(init="It was"), Soft(2, name="topic"))),
        ("{soft:It was#topic}", (Soft(init="It was", name="topic"),)),
        ("{trigger:3}{token:Ġatmosphere}", (Trigger(3), Token("Ġatmosphere"))),
        (r"{token:a|b:c#d\}}", (Token("a|b:c#d}"),)),
        ("{demos}{{{x}}}", (Demonstrations(), Text("{"), Field("x"), Text("}"))),
        ("{Review Text}{läbel}", (Field("Review Text"), Field("läbel"))),
        ("S{system}{x}{ assistant }{mask}", (Text("S"), Turn("system"), Field("x"), Turn("assistant"), Mask())),
        ("{user}{field:assistant|lower}", (Field("user"), Field("assistant", (Filter("lower"),)))),
        ("{field:mask|lower}{field:Q1: why}", (Field("mask", (Filter("lower"),)), Field("Q1: why"))),
        ("", ()),
    ],
)
def test_reads(text: str, expected: tuple[Part, ...]) -> None:
    assert parse_parts(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("one\ntwo {text", 2, 5, "write {{ for a brace"),
        ("a } b", 1, 3, "write }} for a brace"),
        ("{}", 1, 2, "expected {field}"),
        ("{x} {sfot:3}", 1, 6, "Did you mean 'soft'?"),
        ("{text|lowerr}", 1, 7, "Did you mean 'lower'?"),
        ("{text|limit many}", 1, 7, "number of pieces"),
        ("{text|lower x}", 1, 7, "takes nothing"),
        ("{mask|lower}", 1, 6, "filters belong to fields"),
        ("{mask:2}", 1, 7, "takes nothing"),
        ("It was [MASK].", 1, 8, "write {mask}"),
        ("It was <mask>.", 1, 8, "write {mask}"),
        ("It was <extra_id_0>.", 1, 8, "write {mask}"),
        ("{x}{assistant:a}{mask}", 1, 15, "{field:assistant}"),
        ("{x}{system:a}{assistant}", 1, 12, "{field:system}"),
        ("{assistant|lower}", 1, 11, "filters belong to fields"),
        ("{x}{assistant}{mask}\n{assistant}", 2, 2, "second {assistant}"),
        ("a{system}b{system}{assistant}", 1, 12, "second {system}"),
        ("{x}{assistant}{mask}{system}", 1, 22, "{system} without {assistant} behind it"),
        ("a{system}{x} {mask}", 1, 3, "{system} without {assistant} behind it"),
        ("{x}\nIt was {mask}{assistant}", 2, 9, "found {mask} before {assistant}"),
        ("{x}{assistant}{mask}{demos}", 1, 22, "{demos} outside the user's message"),
        ("{demos}a{system}{x}{assistant}{mask}", 1, 2, "{demos} outside the user's message"),
        ("{soft:}", 1, 7, "expected a number of vectors"),
        ("{soft:0}", 1, 7, "from 1 to 1,000"),
        ("{soft:1001}", 1, 7, "from 1 to 1,000"),
        ("{trigger}", 1, 2, "{trigger:3}"),
        ("{trigger:x}", 1, 10, "from 1 to 1,000"),
        ("{token:}", 1, 2, "{token:Ġatmosphere}"),
        (r"{a\n}", 1, 2, "backslash"),
        ("{demos} {demos}", 1, 10, "second {demos}"),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["{" * 10**6, "{a" * 10**6, "}" * 65_536, "{" * 65_535, "{{" * 32_768, "{a}" * 21_845])
def test_hostile_text_is_answered_quickly(text: str) -> None:
    start = time.process_time()
    with suppress(TemplateError):
        Template.parse(text)
    assert time.process_time() - start < 1


def test_an_unknown_field_is_said_with_its_place_and_the_nearest_name() -> None:
    template = Template.parse("One\n{txt} It was {mask}.")
    with pytest.raises(
        TemplateError, match=r"line 2, column 1: unknown field 'txt'.*has text, label.*'text'"
    ) as caught:
        check_template(template, ["text", "label"])
    assert (caught.value.line, caught.value.column) == (2, 1)


def test_a_mask_in_capitals_points_to_the_slot() -> None:
    with pytest.raises(TemplateError, match="Did you mean 'mask'"):
        check_template(Template.parse("{text} It was {MASK}."), ["text"])


def test_a_template_without_a_slot_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"of mine\.toml#a .*no slot; write \{mask\}"):
        check_template(Template.parse("{text} It was great."), ["text"], where="mine.toml#a")
    check_template(Template.parse("{text} It was {mask}."), ["text"])


def test_tags_are_placed_where_they_are_written() -> None:
    text = "{{x}} {text|lower}\n{ mask } {token:\\}}"
    found = place_tags(text)
    assert [text[start:end] for start, end, _ in found] == ["{text|lower}", "{ mask }", "{token:\\}}"]
    assert [part for _, _, part in found] == [part for part in Template.parse(text) if not isinstance(part, Text)]
