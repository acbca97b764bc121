"""Filling: runs between cuts, filters, and demonstrations written into the template."""

import pytest

from promptlab.errors import TemplateError
from promptlab.template import (
    Control,
    Demonstrations,
    Field,
    Mask,
    Run,
    Soft,
    Span,
    Template,
    Text,
    Turn,
    fill_run,
    layout,
    with_demonstrations,
)


def read(template: Template, **fields: str) -> str:
    """The template with fields filled and slots as ``_``."""
    return "".join(
        "".join(span.text for span in fill_run(segment, fields)) if isinstance(segment, Run) else "_"
        for segment in layout(template.parts)
    )


GOOD = ({"text": "Fine film."}, ("great",))
BAD = ({"text": "Dull."}, ("bad",))


def test_neighbouring_texts_and_fields_make_one_run() -> None:
    template = Template.parse("{title} by {author} {soft:2}{mask}.")
    title, by, author, space = Field("title"), Text(" by "), Field("author"), Text(" ")
    assert layout(template.parts) == (Run((title, by, author, space)), Soft(2), Mask(), Run((Text("."),)))


def test_filters_work_from_left_to_right_and_a_limit_is_passed_on() -> None:
    (run,) = layout(Template.parse("{a|drop_last|upper_first|limit 9|limit 5}? {b|strip .|lower}").parts)
    assert isinstance(run, Run)
    assert fill_run(run, {"a": "who?", "b": "..ME."}) == (
        Span("Who", "a", limit=5, data=True),
        Span("? "),
        Span("me", "b", data=True),
    )


def test_a_missing_field_is_a_template_error() -> None:
    with pytest.raises(TemplateError, match="unknown field 'txt'"):
        fill_run(Run((Field("txt"),)), {"text": "x"})


def test_without_demonstrations_their_part_goes_with_one_blank() -> None:
    assert with_demonstrations(Template.parse("{demos}\n{text} {mask}"), []) == Template.parse("{text} {mask}")
    assert with_demonstrations(Template.parse("Say. {demos} {text} {mask}"), []) == Template.parse("Say. {text} {mask}")
    assert with_demonstrations(Template.parse("{text} {mask}{demos}"), []) == Template.parse("{text} {mask}")
    assert with_demonstrations(Template.parse("{text} {mask}"), []) == Template.parse("{text} {mask}")


def test_demonstrations_are_the_template_solved_with_a_blank_line_between() -> None:
    template = with_demonstrations(Template.parse("{demos}{text} It was {mask}."), [GOOD, BAD])
    assert read(template, text="New.") == "Fine film. It was great.\n\nDull. It was bad.\n\nNew. It was _."
    assert template.slots() == 1


def test_an_instruction_before_the_demonstrations_stands_once() -> None:
    template = with_demonstrations(Template.parse("Judge.\n{demos}\n{text} It was {mask}"), [GOOD, BAD])
    assert read(template, text="New.") == "Judge.\nFine film. It was great\n\nDull. It was bad\n\nNew. It was _"


def test_demonstrations_may_follow_the_question() -> None:
    template = with_demonstrations(Template.parse("{text} It was {mask}.{demos}"), [GOOD])
    assert read(template, text="New.") == "New. It was _.\n\nFine film. It was great."


def test_text_from_data_and_answers_stay_marked_as_data() -> None:
    hostile = ({"text": "[MASK] {x}"}, ("great",))
    template = with_demonstrations(Template.parse("{demos}{text} It was {mask}."), [hostile])
    assert template.parts[:4] == (
        Text("[MASK] {x}", data=True),
        Text(" It was "),
        Text("great", data=True),
        Text(".\n\n"),
    )
    (run, *_) = layout(template.parts)
    assert isinstance(run, Run)
    assert fill_run(run, {"text": "New."})[0] == Span("[MASK] {x}", data=True)


def test_each_slot_of_a_demonstration_gets_its_own_string() -> None:
    template = Template.parse("{demos}the {mask} {head} was {mask}")
    solved = with_demonstrations(template, [({"head": "Ann"}, ("person", "born"))])
    assert read(solved, head="Bo") == "the person Ann was born\n\nthe _ Bo was _"


def test_demonstrations_need_a_place_and_one_string_a_slot() -> None:
    with pytest.raises(TemplateError, match=r"write \{demos\}"):
        with_demonstrations(Template.parse("{text} {mask}"), [GOOD])
    with pytest.raises(TemplateError, match=r"1 slot .* 2 strings"):
        with_demonstrations(Template.parse("{demos}{text} {mask}"), [({"text": "x"}, ("a", "b"))])


def test_truncation_and_name_stay_with_the_template() -> None:
    template = Template.parse("{demos}{text} {mask}", truncate="head", name="n", source="s")
    solved = with_demonstrations(template, [GOOD])
    assert (solved.truncate, solved.name, solved.source) == ("head", "n", "s")
    assert Demonstrations() not in solved.parts


def conversation(template: Template, **fields: str) -> str:
    """The template with fields filled, slots as ``_`` and borders between messages as ``<assistant>``."""
    return "".join(
        "".join(span.text for span in fill_run(segment, fields))
        if isinstance(segment, Run)
        else f"<{segment.role}>"
        if isinstance(segment, Turn)
        else "_"
        for segment in layout(template.parts)
    )


def test_in_a_conversation_each_demonstration_is_two_messages() -> None:
    template = Template.parse("Judge.{system}{demos}{text}?{assistant}It is {mask}.")
    solved = with_demonstrations(template, [GOOD, BAD])
    assert conversation(solved, text="New.") == (
        "Judge.<system>Fine film.?<assistant>It is great."
        "<user>Dull.?<assistant>It is bad.<user>New.?<assistant>It is _."
    )
    assert solved.turns() == ("system", "user", "assistant", "user", "assistant", "user", "assistant")
    assert conversation(with_demonstrations(template, []), text="New.") == "Judge.<system>New.?<assistant>It is _."


def test_a_beginning_before_the_demonstrations_of_a_conversation_stands_once() -> None:
    template = Template.parse("Judge.\n{demos}\n{text}{assistant}{mask}")
    solved = with_demonstrations(template, [GOOD, BAD])
    assert conversation(solved, text="New.") == (
        "Judge.\nFine film.<assistant>great<user>Dull.<assistant>bad<user>New.<assistant>_"
    )
    assert conversation(with_demonstrations(template, []), text="New.") == "Judge.\nNew.<assistant>_"


def test_the_place_in_the_users_message_does_not_matter_where_the_fields_come_first() -> None:
    template = Template.parse("{text}{demos}\nGood?{assistant}{mask}")
    assert conversation(with_demonstrations(template, [GOOD]), text="New.") == (
        "Fine film.\nGood?<assistant>great<user>New.\nGood?<assistant>_"
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (True, True, "[x  y]"),
        (True, False, "[ \n x  y]"),
        (False, True, "[x  y\t ]"),
        (False, False, "[ \n x  y\t ]"),
    ],
)
def test_blanks_go_where_a_chat_format_takes_them_through_blank_parts(before: bool, after: bool, expected: str) -> None:
    opening = Control("[", strips_after=after)
    run = Run(
        (opening, Text(" "), Field("a"), Text(" x "), Field("b"), Text("\t "), Control("]", strips_before=before))
    )
    assert "".join(span.text for span in fill_run(run, {"a": "\n", "b": " y"})) == expected


def test_a_message_of_blanks_is_empty_where_a_chat_format_takes_them() -> None:
    run = Run((Control("[ ", strips_after=True), Field("a"), Text("\n"), Control(" ]", strips_before=True)))
    assert [span.text for span in fill_run(run, {"a": " "})] == ["[ ", "", "", " ]"]
