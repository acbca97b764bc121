"""Text of the data is never obeyed: no name of a special piece in it becomes that piece. Blanks at a slot."""

from functools import cache

import pytest
from tiny_tokenizers import KINDS, tokenizer
from tokenizers import normalizers

from promptlab.model.encode import Frame, Prompt, encode
from promptlab.model.spelling import Spelling, slot_leads
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Template, Text

MARK = -7
LITERALS = (
    "[MASK]",
    "</s>",
    "<s>",
    "<mask>",
    "<pad>",
    "[CLS] a [SEP]",
    "<extra_id_0> and <extra_id_9>",
    "<|endoftext|>",
    "<|begin_of_text|><|end_of_text|>",
    "<bos><eos>",
    "[PAD]x[MASK][MASK]",
    " [MASK] ",
)


@cache
def tokens_of(kind: str) -> Tokens:
    return Tokens(tokenizer(kind))


def made(tokens: Tokens, template: str | Template, *fields: dict[str, str], **options: object) -> list[Prompt]:
    frame = Frame(tuple(tokens.prefix), tuple(tokens.suffix), ((MARK,),), 1000)
    parsed = Template.parse(template) if isinstance(template, str) else template
    return encode(tokens, frame, parsed, [Example(each) for each in fields], **options)  # type: ignore[arg-type]


def special_inside(tokens: Tokens, prompt: Prompt) -> list[str]:
    """The special pieces between the frame of a prompt."""
    inside = prompt.ids[len(tokens.prefix) : len(prompt.ids) - len(tokens.suffix)]
    names = {*map(str, tokens.tokenizer.added_tokens_decoder.values())} - {tokens.tokenizer.unk_token}
    return [entry for piece in inside if piece >= 0 and (entry := tokens.entry(piece)) in names]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "template", ["{text} It was {mask}.", "{mask}: {text}", "It was {mask}.{text}", "a{text}a {mask}"]
)
def test_no_name_of_a_special_piece_in_a_text_is_obeyed(kind: str, template: str) -> None:
    tokens = tokens_of(kind)
    every = [*LITERALS, *map(str, tokens.tokenizer.all_special_tokens)]
    for prompt in made(tokens, template, *({"text": f"good {literal} film"} for literal in every)):
        assert special_inside(tokens, prompt) == []
        assert prompt.ids.count(MARK) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_fields_and_text_make_together_is_not_obeyed(kind: str) -> None:
    tokens = tokens_of(kind)
    for name in map(str, tokens.tokenizer.all_special_tokens):
        for cut in range(1, len(name)):
            halves = {"a": name[:cut], "b": name[cut:]}
            between = Template.parse("{a}{b} It was {mask}")
            (prompt,) = made(tokens, between, halves)
            assert special_inside(tokens, prompt) == []
        around = Template(
            (Text("film " + name[0]), *Template.parse("{a}").parts, Text(name[-1]), *Template.parse(" {mask}"))
        )
        (prompt,) = made(tokens, around, {"a": name[1:-1]})
        assert special_inside(tokens, prompt) == []


@pytest.mark.parametrize("kind", ["t5", "albert", "deberta-v2"])
def test_a_name_that_the_normaliser_makes_of_other_characters_is_not_obeyed(kind: str) -> None:
    """SentencePiece's NFKC turns full-width letters and signs into plain ones, and its vocabulary holds the names."""
    import copy

    raw = copy.deepcopy(tokenizer(kind))
    raw.backend_tokenizer.normalizer = normalizers.NFKC()
    tokens = Tokens(raw)
    for name in map(str, raw.all_special_tokens):
        wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in name)
        (prompt,) = made(tokens, "{text} It was {mask}", {"text": f"good {wide} film"})
        assert special_inside(tokens, prompt) == []


@pytest.mark.parametrize("kind", KINDS)
def test_demonstrations_and_their_answers_are_data_too(kind: str) -> None:
    tokens = tokens_of(kind)
    for name in map(str, tokens.tokenizer.all_special_tokens):
        shown = [({"text": f"a {name} b"}, (name,))]
        (prompt,) = made(tokens, "{demos}{text} It was {mask}", {"text": "good"}, demonstrations=shown)
        assert special_inside(tokens, prompt) == []


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "opt", "gemma"])
def test_a_name_that_the_template_itself_writes_is_obeyed(kind: str) -> None:
    tokens = tokens_of(kind)
    name = str(tokens.tokenizer.eos_token or tokens.tokenizer.sep_token)
    (prompt,) = made(tokens, Template((Text(f"good {name} film"), *Template.parse(" {text} {mask}"))), {"text": name})
    assert special_inside(tokens, prompt) == [name]


def answer_pieces(kind: str, template: str, word: str) -> list[str]:
    tokens = tokens_of(kind)
    return [tokens.entry(piece) for piece in Spelling(tokens, slot_leads(Template.parse(template).parts)).pieces(word)]


@pytest.mark.parametrize("kind", KINDS)
def test_blanks_before_a_slot_belong_to_the_answer_and_are_dropped(kind: str) -> None:
    tokens = tokens_of(kind)
    (one,) = made(tokens, "{text} It was {mask}", {"text": "good"})
    (two,) = made(tokens, "{text} It was  {mask}", {"text": "good"})
    (ends,) = made(tokens, "{text} {mask}", {"text": "good It was  "})
    assert one.ids == two.ids == ends.ids
    assert tokens.read(one.ids[: one.marks[0]]).endswith("was")


@pytest.mark.parametrize("kind", KINDS)
def test_a_newline_before_a_slot_stays_unless_the_tokenizer_reads_it_as_a_space(kind: str) -> None:
    tokens = tokens_of(kind)
    (newline,) = made(tokens, "{text}\n{mask}", {"text": "good"})
    (space,) = made(tokens, "{text} {mask}", {"text": "good"})
    reads_as_space = kind in ("bert", "albert", "deberta-v2", "t5")
    assert (newline.ids == space.ids) == reads_as_space
    if not reads_as_space:
        assert tokens.read(newline.ids[: newline.marks[0]]).endswith("\n")


GREAT_AFTER_SPACE = {
    "bert": "great",
    "albert": "▁great",
    "deberta-v2": "▁great",
    "t5": "▁great",
    "legacy-llama": "▁great",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_behind_a_space_has_the_form_of_running_text(kind: str) -> None:
    expected = GREAT_AFTER_SPACE.get(kind, "▁great" if kind == "gemma" else "Ġgreat")
    for template in ("{text} It was {mask}", "{text} {mask}.", " {mask} news: {text}", "A\n {mask} {text}"):
        assert answer_pieces(kind, template, "great") == [expected]


def test_a_word_in_brackets_has_no_space() -> None:
    assert answer_pieces("roberta", "{text} ({mask})", "great") == ["g", "reat"]
    assert answer_pieces("t5", "{text} ({mask})", "great") == ["g", "re", "at"]
    assert answer_pieces("bert", "{text} ({mask})", "great") == ["great"]


def test_a_word_at_the_start_of_the_prompt_is_what_the_tokenizer_makes_of_it_there() -> None:
    assert answer_pieces("roberta", "{mask} news: {text}", "great") == ["g", "reat"]
    assert answer_pieces("t5", "{mask} news: {text}", "great") == ["▁great"]
    assert answer_pieces("legacy-llama", "{mask} news: {text}", "great") == ["▁great"]


@pytest.mark.parametrize("kind", ["bert", "albert", "t5"])
def test_a_word_behind_a_newline_that_reads_as_a_space_has_its_spaced_form(kind: str) -> None:
    assert answer_pieces(kind, "{text}\n{mask}", "great") == [GREAT_AFTER_SPACE[kind]]
    assert answer_pieces(kind, "{demos}{mask} news: {text}", "great") == [GREAT_AFTER_SPACE[kind]]


@pytest.mark.parametrize("kind", ["t5", "albert", "deberta-v2", "legacy-llama"])
def test_text_behind_a_slot_has_no_stray_blank(kind: str) -> None:
    tokens = tokens_of(kind)
    (prompt,) = made(tokens, "{text} It was {mask}. yes", {"text": "good"})
    assert tokens.entry(prompt.ids[prompt.marks[0] + 1]) == "."
