"""Truncation takes pieces from fields, from the end that the template says, and never from the template itself."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_tokenizers import KINDS, tokenizer

from promptlab.errors import ModelError, TemplateError
from promptlab.model.encode import Frame, Prompt, encode, soft_count
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Demonstration, Field, Filter, Mask, Part, Soft, Template, Text, Token, Trigger, Truncate

# The template's own words and those of the fields `a` and `b` are different ones, and behind a space each is one piece
# of every tokenizer here: so a piece says whose it is.
OWN = ("great", "film", "the story", "was", "good")
A, B = ("bad", "movie", "news", "war", "game"), ("plot", "dull", "acting", "food", "cast")
MARK = -7


@cache
def tokens_of(kind: str) -> Tokens:
    return Tokens(tokenizer(kind))


@cache
def pieces_of(kind: str, words: tuple[str, ...]) -> dict[int, str]:
    """The piece of each word behind a space, and its first letter."""
    return {piece: word[0] for word in words for piece in tokens_of(kind).after(" " + word)}


def hard(prompt: Prompt) -> list[int]:
    """The pieces that no soft vector replaces (those may start from any word)."""
    return [piece for piece, row in zip(prompt.ids, prompt.soft or (0,) * len(prompt.ids), strict=True) if row == 0]


def left(kind: str, prompt: Prompt, words: tuple[str, ...]) -> str:
    """The words that are left of these, by their first letters, in order."""
    letters = pieces_of(kind, words)
    return "".join(letters[piece] for piece in hard(prompt) if piece in letters)


def own(kind: str, prompt: Prompt) -> list[int]:
    """Every piece that is not a field's."""
    return [piece for piece in hard(prompt) if piece not in pieces_of(kind, A) | pieces_of(kind, B)]


def made(
    kind: str, template: Template | str, fields: dict[str, str], limit: int, shown: Sequence[Demonstration] = ()
) -> Prompt:
    tokens = tokens_of(kind)
    frame = Frame(tuple(tokens.prefix), tuple(tokens.suffix), ((MARK,),), limit)
    parsed = Template.parse(template) if isinstance(template, str) else template
    (prompt,) = encode(tokens, frame, parsed, [Example(fields)], demonstrations=shown)
    return prompt


field_a = st.sampled_from([Field("a"), Field("a", (Filter("limit", "3"),)), Field("a", (Filter("lower"),))])
field_b = st.sampled_from([Field("b"), Field("b", (Filter("limit", "2"),))])
own_word = st.sampled_from(OWN)
extra = st.sampled_from([None, Soft(2), Soft(init="great film", name="s"), Trigger(2), Token("x")])


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """A template with the fields a and b, in that order, one slot, and perhaps something between."""
    parts: list[Part] = [Text(draw(own_word) + " "), draw(field_a), Text(f" {draw(own_word)} ")]
    if (between := draw(extra)) is not None:
        parts += [between, Text(f" {draw(own_word)} ")]
    parts += [draw(field_b), Text(f" {draw(own_word)}")]
    at = draw(st.integers(1, len(parts)))
    parts[at:at] = [Text(" "), Mask(), Text(" ")]
    return Template(tuple(parts), draw(st.sampled_from(["tail", "head", "balanced"])))


texts_a = st.lists(st.sampled_from(A), max_size=12).map(" ".join)
texts_b = st.lists(st.sampled_from(B), max_size=12).map(" ".join)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(template=templates(), a=texts_a, b=texts_b, less=st.integers(0, 26))
def test_only_field_pieces_are_cut_and_from_where_the_template_says(
    kind: str, template: Template, a: str, b: str, less: int
) -> None:
    whole = made(kind, template, {"a": a, "b": b}, 1000)
    limit = len(whole.ids) - less
    before_a, before_b = left(kind, whole, A), left(kind, whole, B)
    if less > len(before_a + before_b):
        with pytest.raises(ModelError, match="The template's own text is"):
            made(kind, template, {"a": a, "b": b}, limit)
        return
    cut = made(kind, template, {"a": a, "b": b}, limit)
    after_a, after_b = left(kind, cut, A), left(kind, cut, B)
    lost_a, lost_b = len(before_a) - len(after_a), len(before_b) - len(after_b)
    assert len(cut.ids) == limit
    assert own(kind, cut) == own(kind, whole)
    assert [row for row in cut.soft or () if row] == [row for row in whole.soft or () if row]
    assert [cut.ids[mark] for mark in cut.marks] == [MARK]
    assert {name: count for name, count in (("a", lost_a), ("b", lost_b)) if count} == dict(cut.cut)
    if template.truncate == "head":
        assert before_a.endswith(after_a) and before_b.endswith(after_b)
        assert lost_b == 0 or after_a == ""
        return
    assert before_a.startswith(after_a) and before_b.startswith(after_b)
    if template.truncate == "tail":
        assert lost_a == 0 or after_b == ""
    else:
        assert lost_a == 0 or len(after_a) >= len(after_b) - 1
        assert lost_b == 0 or len(after_b) >= len(after_a) - 1


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(text=st.text(max_size=60), room=st.integers(2, 30))
def test_any_text_whatever_its_characters_fits_and_leaves_the_template_whole(kind: str, text: str, room: int) -> None:
    empty = made(kind, "the story was {text} film {mask} film", {"text": ""}, 1000)
    prompt = made(kind, "the story was {text} film {mask} film", {"text": text}, len(empty.ids) + room)
    assert len(prompt.ids) <= len(empty.ids) + room
    (mark,) = prompt.marks
    before = len(tokens_of(kind).prefix) + len(tokens_of(kind).ids("the story was"))
    assert prompt.ids[:before] == empty.ids[:before]
    assert prompt.ids[mark - 1 :] == empty.ids[empty.marks[0] - 1 :]


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_on_a_field_holds_even_where_there_is_room_and_is_not_counted_as_a_cut(kind: str) -> None:
    fields = {"a": "bad movie news war game", "b": "plot dull acting"}
    prompt = made(kind, "It was {a|limit 3} and {b} {mask}", fields, 1000)
    assert (left(kind, prompt, A), left(kind, prompt, B)) == ("bmn", "pda")
    assert prompt.cut == {}


def test_a_template_that_does_not_fit_is_said_with_both_lengths() -> None:
    with pytest.raises(ModelError, match=r"own text is 4 pieces, and the model has room for 2 beside"):
        made("bert", "It was great {a} film {mask}", {"a": "bad movie"}, 5)


def test_a_field_used_twice_counts_what_it_lost_in_both_places() -> None:
    prompt = made("bert", "{a} film {a} {mask}", {"a": "bad movie news"}, 7)
    assert (left("bert", prompt, A), prompt.cut) == ("bmn", {"a": 3})


def test_an_empty_field_among_others_is_cut_no_further() -> None:
    prompt = made("bert", "{a} film {b} good {mask}", {"a": "", "b": "plot dull"}, 6)
    assert (left("bert", prompt, B), prompt.cut) == ("p", {"b": 1})


DEMONSTRATIONS: tuple[Demonstration, ...] = (
    ({"a": "bad bad bad"}, ("good",)),
    ({"a": "movie movie movie"}, ("terrible",)),
    ({"a": "news news news"}, ("good",)),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("truncate", ["tail", "head", "balanced"])
def test_demonstrations_that_do_not_fit_are_dropped_whole_the_oldest_first(kind: str, truncate: Truncate) -> None:
    template = Template.parse("{demos}Review: {a} film {mask}", truncate=truncate)
    fields = {"a": "war game war"}
    lengths = [len(made(kind, template, fields, 1000, DEMONSTRATIONS[dropped:]).ids) for dropped in range(4)]
    expected = ["bbbmmmnnnwgw", "mmmnnnwgw", "nnnwgw", "wgw"]
    for dropped, length in enumerate(lengths):
        for limit in (length, length + 1, lengths[dropped - 1] - 1 if dropped else length + 5):
            prompt = made(kind, template, fields, limit, DEMONSTRATIONS)
            assert (left(kind, prompt, A), prompt.dropped, prompt.cut) == (expected[dropped], dropped, {})


def test_fields_are_cut_only_when_no_demonstration_is_left() -> None:
    template = "{demos}Review: {a} film {mask}"
    alone = len(made("gpt2", template, {"a": "war game war"}, 1000).ids)
    prompt = made("gpt2", template, {"a": "war game war"}, alone - 2, DEMONSTRATIONS)
    assert (left("gpt2", prompt, A), prompt.dropped, prompt.cut) == ("w", 3, {"a": 2})


def test_each_row_drops_its_own_demonstrations() -> None:
    tokens = tokens_of("bert")
    rows = [Example({"a": "war"}), Example({"a": "war war war war war war"})]
    frame = Frame(tuple(tokens.prefix), tuple(tokens.suffix), ((MARK,),), 31)
    template = Template.parse("{demos}Review: {a} film {mask}")
    short, long = encode(tokens, frame, template, rows, demonstrations=DEMONSTRATIONS)
    assert (short.dropped, long.dropped) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_soft_parts_of_one_name_share_rows_and_others_do_not(kind: str) -> None:
    template = Template.parse("{soft:2#x} {a} {soft:1} film {soft:2#x} {soft:1} {mask}")
    prompt = made(kind, template, {"a": "bad"}, 1000)
    assert [row for row in prompt.soft or () if row] == [1, 2, 3, 1, 2, 4]
    assert soft_count(tokens_of(kind), template) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_soft_parts_keep_their_rows_and_starts_whether_demonstrations_come_before_or_not(kind: str) -> None:
    template = Template.parse("{demos}{soft:great story} {a} {soft:2#x} {mask}")
    none = made(kind, template, {"a": "war"}, 1000)
    shown = made(kind, template, {"a": "war"}, 1000, DEMONSTRATIONS)
    pairs = [(row, piece) for row, piece in zip(none.soft or (), none.ids, strict=True) if row]
    assert [(row, piece) for row, piece in zip(shown.soft or (), shown.ids, strict=True) if row] == pairs * 4
    assert max(pairs)[0] == soft_count(tokens_of(kind), template)


def test_one_name_for_two_numbers_of_vectors_is_an_error() -> None:
    with pytest.raises(TemplateError, match="named 'x' are 2 in one place and 3 in another"):
        made("bert", "{soft:2#x} {a} {soft:3#x} {mask}", {"a": "bad"}, 1000)


def test_an_entry_that_the_vocabulary_lacks_is_named_with_the_nearest() -> None:
    with pytest.raises(TemplateError, match=r"no entry 'greatt' .*Did you mean 'great'"):
        made("bert", "{token:greatt} {a} {mask}", {"a": "bad"}, 1000)
