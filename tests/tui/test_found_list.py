"""The list of found words: ticks, orders, dropped ones, and effects that come in later. No screen."""

from typing import Any

from scripted_engine import found

from promptlab.tui.state.found_list import Found, FoundList
from promptlab.verbalizer import Word


def _found(text: str, rank: int = 1, source: str = "wordnet", **more: Any) -> Found:
    return Found.of({**found("positive", text, source, rank), **more})


def _effects(**effects: float | None) -> dict[str, dict[str, Any]]:
    return {text: {"effect": value, "pieces": [text], "prior": -8.0, "problem": ""} for text, value in effects.items()}


LIST = FoundList().with_result(
    [_found("superb", 1), _found("fine", 2), _found("good", 3)],
    [_found("unputdownable", 9, dropped="5 pieces")],
    keep_order=False,
)


def test_words_stand_by_what_the_sources_say_until_effects_are_known() -> None:
    assert LIST.shown() == ("superb", "fine", "good")
    later = LIST.with_effects(_effects(superb=-0.01, fine=0.0, good=0.05))
    assert later.shown() == ("superb", "fine", "good") and not later.is_sorted
    assert later.sort().shown() == ("good", "fine", "superb")


def test_what_is_not_known_stands_behind_a_loss() -> None:
    later = LIST.with_effects(_effects(fine=-0.5)).sort()
    assert later.shown() == ("fine", "superb", "good")


def test_words_of_another_source_come_at_the_end_where_the_order_is_to_stay() -> None:
    more = [_found("wonderful", 1, "neighbours", effect=0.4), _found("Fine", 1, "neighbours")]
    assert LIST.with_found(more, keep_order=True).shown() == ("superb", "fine", "good", "wonderful")
    joined = LIST.with_found(more, keep_order=False)
    assert joined.shown()[0] == "wonderful"
    assert [name for name, _, _ in joined.words["fine"].sources] == ["neighbours", "wordnet"]


def test_all_shown_are_ticked_and_what_the_filter_hides_is_not() -> None:
    ticked = LIST.search("fine").tick_shown()
    assert [one.text for one in ticked.ticked()] == ["fine"]
    everything = ticked.search("").tick_shown()
    assert [one.text for one in everything.ticked()] == ["fine", "superb", "good"]
    assert everything.search("fine").tick_shown().ticks == ("superb", "good")


def test_a_filter_looks_at_words_sources_and_reasons() -> None:
    assert LIST.search("wordnet SAYS").shown() == LIST.shown()
    assert LIST.search("5 pieces").shown_left_out() == ("unputdownable",)
    assert LIST.search("nothing").shown() == ()


def test_a_dropped_word_cannot_be_ticked_until_it_is_brought_back() -> None:
    assert LIST.tick("unputdownable").ticks == ()
    back = LIST.bring_back("unputdownable")
    assert back.shown()[-1] == "unputdownable" and back.left_out == ()
    word = back.tick("unputdownable").ticked()[0].as_word()
    assert word.provenance == "wordnet says so; brought back, it was left out: 5 pieces"
    assert word.on and word.dropped == ""


def test_an_accepted_word_keeps_why_it_was_found_and_its_prior() -> None:
    assert LIST.words["superb"].as_word() == Word("superb", prior=-8.0, provenance="wordnet says so")


def test_a_newer_answer_keeps_ticks_what_was_brought_back_and_known_effects() -> None:
    held = LIST.tick("fine").tick("good").bring_back("unputdownable").with_effects(_effects(fine=0.02))
    newer = held.with_result(
        [_found("fine", 1), _found("lovely", 2)], [_found("unputdownable", 9, dropped="5 pieces")], keep_order=True
    )
    assert newer.ticks == ("fine", "good")
    assert newer.shown() == ("fine", "good", "unputdownable", "lovely")
    assert newer.words["fine"].effect == 0.02


def test_effects_are_asked_for_the_words_on_the_screen_first() -> None:
    assert LIST.unknown(["good", "unputdownable"]) == ["good", "superb", "fine"]
    known = LIST.with_effects(_effects(good=None))
    assert known.unknown(["good"]) == ["superb", "fine"]
    assert known.without_effects().unknown([]) == ["superb", "fine", "good"]


def test_a_source_lists_its_words_by_its_own_ranks() -> None:
    more = LIST.with_found([_found("wonderful", 2, "neighbours"), _found("good", 1, "neighbours")], keep_order=False)
    assert [one.text for one in more.of_source("neighbours")] == ["good", "wonderful"]


def test_a_ticked_word_stays_when_the_whole_answer_ranks_it_out_or_drops_it() -> None:
    ticked = LIST.tick("superb").tick("fine")
    later = ticked.with_result([_found("good", 1)], [_found("fine", 9, dropped="too rare")], keep_order=True)
    assert [one.text for one in later.ticked()] == ["superb", "fine"]
    assert set(later.shown()) == {"superb", "fine", "good"} and later.words["fine"].is_back
