"""Chat prompts are what the model's own chat template writes, piece by piece, whatever the data holds."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_chats import CHATS, TRIMMING, applied, chat, chat_with, next_logprobs

from promptlab.model import LanguageModel, Readout
from promptlab.model.encode import soft_count
from promptlab.task import Example
from promptlab.template import Demonstration, Template

few = settings(max_examples=25)
MARKERS = (
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<end_of_turn>",
    "<bos>",
    "</s>",
)
TAGS = ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
# Everything but what the chat formats of the tests mark turns with, and lone surrogates, which no text has.
texts = st.text(
    st.characters(exclude_characters="<>[]", exclude_categories=["Cs", "Co"]), max_size=30
) | st.sampled_from(["", " ", "\n", "\n\n", " a film ", "\ta\n", "don't", "日本 \U0001f600", "a  b", "x\r\n"])
DEMOS: list[Demonstration] = [({"text": "Dull. "}, ("bad",)), ({"text": "Fine film"}, ("great",))]


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def ids(lm: LanguageModel, template: str, text: str, **options: object) -> list[int]:
    (prompt,) = lm.encode(Template.parse(template), [Example({"text": text})], **options)  # type: ignore[arg-type]
    assert not prompt.cut and not prompt.dropped
    return list(prompt.ids)


@pytest.mark.parametrize("kind", CHATS)
@given(text=texts)
@few
def test_pieces_are_those_of_the_chat_template_on_the_filled_text(kind: str, text: str) -> None:
    lm = chat(kind)
    for template, content in (
        ("{text}{assistant}{mask}", text),
        ("Review: {text}\n\nGood?{assistant}{mask}", f"Review: {text}\n\nGood?"),
        (" {text}{text}\n{assistant}{mask}", f" {text}{text}\n"),
        ("{assistant}{mask}", ""),
    ):
        assert ids(lm, template, text) == applied(lm, [message("user", content)])


@pytest.mark.parametrize("kind", [kind for kind in CHATS if kind != "gemma"])
@given(text=texts)
@few
def test_a_system_message_is_the_formats_own(kind: str, text: str) -> None:
    lm = chat(kind)
    told = [message("system", f"You judge {text}."), message("user", f"{text}!")]
    assert ids(lm, "You judge {text}.{system}{text}!{assistant}{mask}", text) == applied(lm, told)
    assert ids(lm, "{system}{text}{assistant}{mask}", text) == applied(
        lm, [message("system", ""), message("user", text)]
    )


@given(text=texts)
@few
def test_a_system_message_opens_the_users_where_the_format_knows_none(text: str) -> None:
    lm = chat("gemma")
    folded = applied(lm, [message("user", f"You judge.\n\n{text}")])
    assert ids(lm, "You judge.{system}{text}{assistant}{mask}", text) == folded
    assert ids(lm, "{system}{text}{assistant}{mask}", text) == applied(lm, [message("user", text)])


@pytest.mark.parametrize("kind", CHATS)
@given(text=texts)
@few
def test_demonstrations_are_earlier_turns(kind: str, text: str) -> None:
    lm = chat(kind)
    shown = [message(*turn) for turn in (("user", "Q: Dull. "), ("assistant", "It is bad."), ("user", "Q: Fine film"))]
    told = [*shown, message("assistant", "It is great."), message("user", f"Q: {text}")]
    written = ids(lm, "{demos}Q: {text}{assistant}It is {mask}.", text, demonstrations=DEMOS)
    before = applied(lm, told)
    assert written[: len(before)] == before
    assert lm.tokens.read(written[len(before) :]).strip() == "It is."


@pytest.mark.parametrize("kind", CHATS)
@given(text=st.lists(st.sampled_from([*MARKERS, *TAGS, "a", " ", "\n", "<", "]"]), max_size=6).map("".join))
@few
def test_no_text_brings_about_a_turn(kind: str, text: str) -> None:
    lm = chat(kind)
    controls = [piece for piece in map(lm.tokens.id_of, MARKERS) if piece is not None and piece in lm.tokens.special]
    template = "S: {text}{system}Q: {text}{assistant}It is {mask}"
    forged, plain = ids(lm, template, text), ids(lm, template, "a")
    assert [forged.count(piece) for piece in controls] == [plain.count(piece) for piece in controls]
    if kind == "llama2":
        read, expected = lm.tokens.read(forged), lm.tokens.read(plain)
        assert [read.count(tag) for tag in TAGS] == [expected.count(tag) for tag in TAGS]


@pytest.mark.parametrize("kind", CHATS)
def test_no_demonstration_answer_or_pair_of_fields_brings_about_a_turn(kind: str) -> None:
    lm = chat(kind)
    template = Template.parse("{demos}{a}{b}{assistant}{mask}")

    def made(fields: dict[str, str], answer: str) -> tuple[list[int], str]:
        (prompt,) = lm.encode(template, [Example(fields)], demonstrations=[(fields, (answer,))])
        return [piece for piece in prompt.ids if piece in lm.tokens.special], lm.tokens.read(prompt.ids)

    plain, own = made({"a": "x", "b": "y"}, "z")
    for marker in (*MARKERS, *(TAGS if kind == "llama2" else ())):
        for cut in (1, len(marker) // 2, len(marker) - 1):
            forged, read = made({"a": "x " + marker[:cut], "b": marker[cut:] + " y"}, marker)
            assert forged == plain
            assert marker not in TAGS or read.count(marker) == own.count(marker)


@pytest.mark.parametrize("kind", CHATS)
@given(
    text=st.text(alphabet="ab \n.", min_size=300, max_size=900),
    truncate=st.sampled_from(["tail", "head", "balanced"]),
)
@few
def test_only_fields_are_shortened(kind: str, text: str, truncate: str) -> None:
    lm = chat(kind)
    assume(len(text.split()) > 20)
    template = Template.parse("Be kind.{system}Review:\n{text} {text}\nGood?{assistant}It is {mask}", truncate=truncate)  # type: ignore[arg-type]
    (long,) = lm.encode(template, [Example({"text": text})], reserve=lm.max_length - 150)
    (none,) = lm.encode(template, [Example({"text": ""})])
    assert len(long.ids) == 150 or not long.cut
    own = [piece for piece in none.ids if piece in lm.tokens.special]
    assert [piece for piece in long.ids if piece in lm.tokens.special] == own
    read = lm.tokens.read(long.ids)
    assert all(word in read for word in ("Be kind.", "Review:", "Good?")) and read.endswith("It is")


def test_a_piece_that_a_field_shares_with_the_format_is_never_cut() -> None:
    lm = chat_with("{% for message in messages %}It wa{{ message['content'] }}<|im_end|>{% endfor %}")
    template = Template.parse("{text}{assistant}{mask}", truncate="head")
    (prompt,) = lm.encode(template, [Example({"text": "s" + " good film" * 200})], reserve=lm.max_length - 20)
    assert prompt.cut and lm.tokens.read(prompt.ids[:2]) == "It was"


@pytest.mark.parametrize("kind", CHATS)
def test_a_label_word_is_written_as_the_format_goes_on(kind: str) -> None:
    lm = chat(kind)
    for word in ("Positive", "great", "not relevant"):
        told = [message("user", "a film"), message("assistant", word)]
        written = lm.tokens.tokenizer.apply_chat_template(
            told, tokenize=True, return_dict=False, date_string="26 Jul 2024"
        )
        prompt = ids(lm, "{text}{assistant}{mask}", "a film")
        pieces = lm.spelling(Template.parse("{text}{assistant}{mask}")).pieces(word)
        assert written[len(prompt) : len(prompt) + len(pieces)] == list(pieces)
        assert lm.tokens.read(written[: len(prompt)]) == lm.tokens.read(prompt)


def test_positive_and_positive_behind_a_space_are_two_answers() -> None:
    lm = chat("chatml")
    glued, spaced = (
        lm.spelling(Template.parse(f"{{text}}{{assistant}}{gap}{{mask}}")).pieces("great") for gap in ("", " ")
    )
    assert [lm.tokens.entry(piece) for piece in spaced] == ["Ġgreat"]
    assert "".join(lm.tokens.entry(piece) for piece in glued) == "great"
    assert lm.spelling(Template.parse("{text}{assistant}It was {mask}")).pieces("great") == spaced
    llama2 = chat("llama2")
    for gap in ("", " "):
        pieces = llama2.spelling(Template.parse(f"{{text}}{{assistant}}{gap}{{mask}}")).pieces("great")
        assert [llama2.tokens.entry(piece) for piece in pieces] == ["▁great"]


@pytest.mark.parametrize("kind", CHATS)
def test_scores_are_the_models_own_behind_its_chat_template(kind: str) -> None:
    lm = chat(kind)
    reviews, words = ["a film", "", "The plot is dull.\n"], ("great", "bad", "Yes")
    template = Template.parse("Review: {text}{assistant}{mask}")
    found = Readout.join(lm.read(template, [Example({"text": text}) for text in reviews])).words(words)[:, 0]
    firsts = [lm.spelling(template).pieces(word)[0] for word in words]
    own = [next_logprobs(lm, applied(lm, [message("user", f"Review: {text}")]))[firsts] for text in reviews]
    torch.testing.assert_close(found, torch.stack(own), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", CHATS)
def test_a_word_read_whole_is_its_own_pieces_in_a_row(kind: str) -> None:
    lm, word = chat(kind), "not relevant"
    template = Template.parse("{text}{assistant}{mask}")
    (column,) = Readout.join(lm.read(template, [Example({"text": "a film"})], words=[word])).columns[word].tolist()
    before, pieces = applied(lm, [message("user", "a film")]), lm.spelling(template).pieces(word)
    each = [float(next_logprobs(lm, [*before, *pieces[:at]])[piece]) for at, piece in enumerate(pieces)]
    assert column == pytest.approx(sum(each) / len(each), abs=2e-5)


@pytest.mark.parametrize("kind", CHATS)
def test_soft_vectors_in_a_message_set_to_word_vectors_answer_as_the_words(kind: str) -> None:
    lm = chat(kind)
    examples = [Example({"text": text}) for text in ("The plot is dull.", "a film")]
    hard = Template.parse("{text} It was ok.{assistant}So it was {mask}")
    template = Template.parse("{text} {soft:It was} ok.{assistant}So {soft:it was} {mask}")
    prompts = lm.encode(template, examples)
    assert [prompt.ids for prompt in prompts] == [prompt.ids for prompt in lm.encode(hard, examples)]
    rows = dict(zip(prompts[0].soft or (), prompts[0].ids, strict=True))
    starts = torch.tensor([rows[row] for row in range(1, soft_count(lm.tokens, template) + 1)])
    with torch.no_grad():
        vectors = lm.model.get_input_embeddings()(starts)
    found, expected = Readout.join(lm.read(template, examples, soft=vectors)), Readout.join(lm.read(hard, examples))
    torch.testing.assert_close(found.tokens(range(99)), expected.tokens(range(99)), atol=1e-5, rtol=1e-5)


def test_tokens_and_triggers_stand_in_a_message() -> None:
    lm = chat("chatml")
    great = lm.tokens.id_of("Ġgreat")
    plain = ids(lm, "{text} great film{assistant}{mask}", "a")
    assert great in plain and ids(lm, "{text} {token:Ġgreat} film{assistant}{mask}", "a") == plain
    assert len(ids(lm, "{text} great{trigger:3} film{assistant}{mask}", "a")) == len(plain) + 3


def test_a_soft_part_that_opens_a_conversation_has_as_many_vectors_as_pieces() -> None:
    lm, template = chat("chatml"), Template.parse("{soft:great film}{text}{assistant}{mask}")
    (prompt,) = lm.encode(template, [Example({"text": "a"})])
    assert prompt.soft is not None and max(prompt.soft) == soft_count(lm.tokens, template)


@pytest.mark.parametrize("kind", TRIMMING)
def test_a_message_cut_by_a_soft_vector_loses_the_blanks_at_its_own_ends_only(kind: str) -> None:
    lm = chat(kind)
    blank, bare = (
        ids(lm, " {text}a {soft} b\n{assistant}{mask}", "\n"),
        ids(lm, "{text}a {soft} b{assistant}{mask}", ""),
    )
    assert blank == bare


def test_tags_are_found_in_the_format_only() -> None:
    lm, ask = chat("llama2"), Template.parse("{text}{assistant}{mask}")
    tags = lm.chat.tags(lm.chat.write(ask))
    assert tags is not None and not tags.search("[x] <b> [0] [1] [INST")
    assert all(tags.fullmatch(tag) for tag in TAGS)
    assert chat("gemma").chat.tags(chat("gemma").chat.write(ask)) is None
