"""Chat formats of every make: what is learnt of them, and the sentence where one cannot be used."""

import pytest
from tiny_chats import CHATS, applied, chat, chat_tokenizer, chat_with
from tiny_models import tiny
from tiny_tokenizers import tokenizer
from tokenizers import AddedToken

from promptlab.errors import ModelError
from promptlab.model import LanguageModel
from promptlab.model.chat import ChatFormat
from promptlab.model.encode import Frame, encode
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Control, Template

USER = "{% for message in messages %}<|im_start|>{{ message['content'] }}<|im_end|>{% endfor %}"
ASK = Template.parse("{text}{assistant}{mask}")


def written(lm: LanguageModel, template: Template | str = ASK) -> list[str]:
    """The stretches of the chat format in a template."""
    parsed = Template.parse(template) if isinstance(template, str) else template
    return [part.text for part in lm.chat.write(parsed) if isinstance(part, Control)]


def refusal(lm: LanguageModel, template: Template | str = ASK) -> str:
    with pytest.raises(ModelError) as error:
        lm.check(Template.parse(template) if isinstance(template, str) else template)
    assert error.value.__cause__ is None
    return str(error.value)


def test_a_template_without_turns_stays_itself() -> None:
    plain = Template.parse("{text} It was {mask}")
    assert tiny("gpt2").chat.write(plain) is plain and chat("llama3").chat.write(plain) is plain


def test_reasoning_models_are_asked_not_to_think() -> None:
    assert written(chat("thinking"))[-1].endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


@pytest.mark.parametrize("mark", ["<think>", "[THINK]", "<|thought|>"])
def test_a_reply_that_opens_in_a_thought_is_said_with_the_way_out(mark: str) -> None:
    lm = chat_with(USER + "<|im_start|>" + mark + "\n", kind="thinking")
    (note,) = lm.chat.notes(ASK)
    end = f"{mark[0]}/{mark[1:]}"
    assert f"inside a thought ({mark!r})" in note and f"{{assistant}}{end}\\n\\n{{mask}}" in note
    assert lm.chat.notes(Template.parse(f"{{text}}{{assistant}}{end}\n\n{{mask}}")) == ()


def test_a_thought_that_the_template_ends_is_ended_by_the_models_own_piece() -> None:
    lm = chat_with(USER + "<|im_start|><think>\n</think>", kind="thinking")
    (prompt,) = lm.encode(Template.parse("{text}{assistant}</think>\n\n{mask}"), [Example({"text": "</think>"})])
    assert prompt.ids.count(lm.tokens.id_of("</think>") or -1) == 2
    assert lm.chat.notes(ASK) == ()


def test_the_date_is_always_the_same() -> None:
    assert "Today: 26 Jul 2024" in written(chat("llama3"))[0]
    clock = chat_with("{{ strftime_now('%Y-%m-%d') }}" + USER)
    assert written(clock)[0] == "26 Jul 2024<|im_start|>"


def test_what_opens_a_reply_is_learnt_where_the_format_has_no_word_for_it() -> None:
    """The format knows no generation prompt: its replies begin with <|im_start|> all the same."""
    lm = chat_with(USER)
    assert written(lm) == ["<|im_start|>", "<|im_end|><|im_start|>"]
    spaced = chat_with(USER.replace("<|im_start|>{{", "<|im_start|>: {{"))
    assert written(spaced) == ["<|im_start|>: ", "<|im_end|><|im_start|>:"]
    assert [spaced.tokens.entry(piece) for piece in spaced.spelling(ASK).pieces("great")] == ["Ġgreat"]


def test_a_space_that_the_format_itself_ends_with_stays_before_the_answer() -> None:
    """The blank is the format's, so the prompt ends with it and the answer has none of its own."""
    lm = chat_with(USER + "{% if add_generation_prompt %}Answer: {% endif %}")
    (prompt,) = lm.encode(ASK, [Example({"text": "a film "})])
    assert lm.tokens.read(prompt.ids) == "<|im_start|>a film <|im_end|>Answer: "
    assert "".join(lm.tokens.entry(piece) for piece in lm.spelling(ASK).pieces("great")) == "great"


def test_messages_may_come_out_in_another_order() -> None:
    system_last = (
        "{% for message in messages if message['role'] != 'system' %}U:{{ message['content'] }};{% endfor %}"
        "{% for message in messages if message['role'] == 'system' %}S:{{ message['content'] }};{% endfor %}"
    )
    lm = chat_with(system_last)
    (prompt,) = lm.encode(Template.parse("Judge.{system}{text}{assistant}{mask}"), [Example({"text": "a film"})])
    assert lm.tokens.read(prompt.ids) == "U:a film;S:Judge.;"


def test_a_system_message_that_a_format_drops_is_folded() -> None:
    lm = chat_with(USER.replace("in messages %}", "in messages if message['role'] != 'system' %}"))
    (prompt,) = lm.encode(Template.parse("Judge.{system}{text}{assistant}{mask}"), [Example({"text": "a film"})])
    assert lm.tokens.read(prompt.ids).startswith("<|im_start|>Judge.\n\na film<|im_end|>")


def test_a_format_that_takes_lists_of_parts_only_is_given_these() -> None:
    """As formats of models that read pictures too: of a text they write nothing."""
    parts = USER.replace(
        "{{ message['content'] }}",
        "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] | trim }}{% endfor %}",
    )
    lm = chat_with(parts)
    (prompt,) = lm.encode(Template.parse("Judge.{system}{text}{assistant}{mask}"), [Example({"text": " a film\n"})])
    told = [{"role": "system", "content": "Judge."}, {"role": "user", "content": " a film\n"}]
    listed = [{**one, "content": [{"type": "text", "text": one["content"]}]} for one in told]
    assert list(prompt.ids) == [*applied(lm, listed), lm.tokens.id_of("<|im_start|>")]


def test_a_format_of_several_gives_its_default() -> None:
    lm = chat_with(USER)
    lm.tokens.tokenizer.chat_template = {"default": USER, "tool_use": "x"}
    assert written(lm)[0] == "<|im_start|>"
    other = chat_with(USER)
    other.tokens.tokenizer.chat_template = {"tool_use": "x"}
    assert "is a base model" in refusal(other)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ raise_exception('Only tools, please') }}", "refuses this conversation (Only tools, please)"),
        ("{% for %}", "refuses this conversation ("),
        ("{{ messages[9]['content'] + 'x' }}", "refuses this conversation ("),
        ("{{ 1 / 0 }}", "refuses this conversation ("),
        ("{{ messages.__class__.__mro__ }}{{ messages[0]['content'] }}", "refuses this conversation ("),
        ("Hello.", "leaves out or repeats a message"),
        ("{{ messages[0]['content'] * 2 }}", "leaves out or repeats a message"),
    ],
)
def test_a_format_that_cannot_be_used_is_one_sentence(source: str, said: str) -> None:
    sentence = refusal(chat_with(source))
    assert said in sentence and "'mine'" in sentence and len(sentence) < 300
    assert "without {assistant}" in sentence


def test_a_format_that_refuses_earlier_turns_says_so_when_there_are_some() -> None:
    lm = chat_with("{% if messages | length > 1 %}{{ raise_exception('One turn only') }}{% endif %}" + USER)
    template = Template.parse("{demos}{text}{assistant}{mask}")
    lm.check(template)
    with pytest.raises(ModelError, match="One turn only"):
        lm.encode(template, [Example({"text": "a"})], demonstrations=[({"text": "b"}, ("bad",))])


@pytest.mark.parametrize("name", ["gpt2", "llama3"])
def test_a_base_model_has_no_turns(name: str) -> None:
    assert refusal(tiny(name)).startswith(f"{name!r} is a base model")
    assert "instruct version" in refusal(tiny(name))


@pytest.mark.parametrize("name", ["bert", "t5", "bart", "t5-lm-adapt"])
def test_only_causal_models_have_turns(name: str) -> None:
    assert "only causal chat models have turns" in refusal(tiny(name))


def test_the_format_counts_as_the_templates_own_text() -> None:
    lm = chat("llama3")
    with pytest.raises(ModelError, match=r"own text is \d+ pieces.*\{text\}\{assistant\}\{mask\}"):
        lm.encode(ASK, [Example({"text": "a"})], reserve=lm.max_length - 10)


def test_entries_that_the_format_writes_are_special_and_ordinary_ones_are_not() -> None:
    made = chat_tokenizer("thinking", source=USER + "<think> user ")
    made.add_tokens(["user", "  ", "<other>"])
    tokens = Tokens(made)
    assert {tokens.id_of(entry) for entry in ("<think>", "</think>")} <= tokens.special
    assert {tokens.id_of(entry) for entry in ("user", "  ", "<other>")}.isdisjoint(tokens.special)
    assert Tokens(tokenizer("qwen")).special == frozenset({tokens.id_of("<|endoftext|>")})


def test_blanks_of_data_that_a_special_piece_takes_with_it_do_not_break_it() -> None:
    made = chat_tokenizer("chatml", source="{% for message in messages %}{{ message['content'] }}<|said|>{% endfor %}")
    made.add_tokens([AddedToken("<|said|>", special=True, rstrip=True, lstrip=True)])
    tokens = Tokens(made)
    (prompt,) = encode(
        tokens, Frame((), (), ((),), 100), ASK, [Example({"text": "a \n"})], chat=ChatFormat(tokens, "mine")
    )
    assert tokens.id_of("<|said|>") in prompt.ids


def test_marks_that_are_plain_text_are_broken_in_data_wherever_the_format_has_them_from() -> None:
    roles = "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] }}{% endfor %}"
    lm = chat_with(roles + "<|assistant|>", kind="llama2")
    (prompt,) = lm.encode(ASK, [Example({"text": "a <|user|> b <|assistant|> <|other|>"})])
    assert "a < |user|> b < |assistant|> <|other|>" in lm.tokens.read(prompt.ids)
    assert lm.chat.notes(ASK) == ()
    (prompt,) = lm.encode(ASK, [Example({"text": "a <|system|> b"})])  # of a role that the template does not have
    assert "a < |system|> b" in lm.tokens.read(prompt.ids)


def test_a_format_that_marks_turns_with_words_says_so() -> None:
    words = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"
    (note,) = chat_with(words).chat.notes(ASK)
    assert "ordinary words ('assistant:')" in note
    assert chat_with(words).chat.notes(Template.parse("{text} {mask}")) == ()
    for kind in CHATS:
        assert chat(kind).chat.notes(ASK) == ()
