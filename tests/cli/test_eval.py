"""``promptlab eval`` on the embedded model: figures to standard output, the rest to standard error, runs kept."""

import json
from pathlib import Path
from typing import Any

KEYS = {"task", "split", "n", "accuracy", "interval", "majority", "labels", "per_label", "confusion", "calibration"}
KEYS |= {"template", "words", "model", "dtype", "cut", "run"}
WORDS = "good=great bad=terrible"


def test_a_bare_eval_runs_the_sample(promptlab: Any) -> None:
    ran = promptlab("eval", "--limit", 12)
    assert ran.code == 0
    assert "Task      reviews, dev, 12 rows" in ran.out
    assert all(shown in ran.out for shown in ("Accuracy", "always answering", "true \\ predicted"))
    assert "12 of 60 rows (seed 13)" in ran.err and "No words given" in ran.err
    assert "promptlab runs rows 1 --wrong" in ran.err and "promptlab bundle save 1 bundles/" in ran.err


def test_a_file_alone_is_enough(promptlab: Any, films: Path) -> None:
    ran = promptlab("eval", "--task", films, "--json")
    assert ran.code == 0
    (result,) = ran.results
    assert result["labels"] == ["good", "bad"] and result["n"] == 16 and result["split"] == "all"
    assert result.keys() >= KEYS
    assert result["words"] == {"words": {"good": ["good"], "bad": ["bad"]}}
    assert "text column: text; label column: label" in ran.err


def test_the_figures_on_the_screen_are_those_of_the_json(promptlab: Any, films: Path) -> None:
    given = ("eval", "--task", films, "--words", WORDS, "--template", "{text} It was {mask}.")
    (result,) = promptlab(*given, "--json").results
    low, high = result["interval"]
    assert f"{result['accuracy']:.3f} ({low:.3f} to {high:.3f}, 16 rows)" in promptlab(*given).out


def test_the_same_rows_again_cost_no_model_call_with_other_words(promptlab: Any, films: Path) -> None:
    promptlab("eval", "--task", films, "--words", WORDS)
    (again,) = promptlab("eval", "--task", films, "--words", "good=superb bad=awful", "--json").results
    assert again["calls"] == 0
    (anew,) = promptlab("eval", "--task", films, "--words", WORDS, "--json", "--no-cache").results
    assert anew["calls"] > 0


def test_several_templates_and_words_make_a_table_and_a_comparison(promptlab: Any, films: Path) -> None:
    templates = ("--template", "{text} It was {mask}.", "--template", "sst2#just")
    ran = promptlab("eval", "--task", films, *templates, "--words", WORDS, "--words", "good=good bad=bad")
    lines = [line for line in ran.out.splitlines() if line.lstrip()[:1].isdigit()]
    figures = [float(line.split()[1]) for line in lines]
    assert len(figures) == 4 and figures == sorted(figures, reverse=True)
    assert "Best against second: " in ran.out and "the best of 4" in ran.out
    assert "points (" not in ran.out or "for 3 comparisons" in ran.out
    assert max(map(len, ran.out.splitlines()[:-1])) <= 80


def test_calibrated_and_uncalibrated_figures_stand_side_by_side(promptlab: Any, films: Path) -> None:
    ran = promptlab("eval", "--task", films, "--words", WORDS, "--calibrate", "batch")
    assert ", calibrated" in ran.out and ", uncalibrated" in ran.out
    assert "batch, on 16 evaluated texts of films" in ran.out
    (result,) = promptlab("eval", "--task", films, "--words", WORDS, "--calibrate", "contextual", "--json").results
    assert result["calibration"]["kind"] == "contextual" and 0 <= result["calibration"]["raw"]["accuracy"] <= 1


def test_events_are_lines_of_json_with_the_result_last(promptlab: Any, films: Path) -> None:
    ran = promptlab("eval", "--task", films, "--words", WORDS, "--events")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[-1]["event"] == "done" and events[-1]["result"]["command"] == "eval"
    assert {event["job"] for event in events} == {"eval"} and len({event["spec"] for event in events}) == 1


def test_a_spec_file_holds_the_options_and_the_command_overrides_them(promptlab: Any, films: Path) -> None:
    Path("run.toml").write_text(f'task = "{films}"\nwords = "{WORDS}"\nlimit = 4\n')
    (result,) = promptlab("eval", "--spec", "run.toml", "--limit", 6, "--json").results
    assert result["n"] == 6 and result["words"]["words"]["good"] == ["great"]


def test_an_accuracy_that_chance_explains_is_called_that(promptlab: Any, films: Path) -> None:
    turned_round = ("eval", "--task", films, "--words", "good=terrible bad=great")
    assert "this prompt is worse" in promptlab(*turned_round).out
    assert "no better, as far as 2 rows can tell" in " ".join(promptlab(*turned_round, "--limit", 2).out.split())


def test_what_was_cut_and_awkward_words_are_said(promptlab: Any, films: Path) -> None:
    given = ("--words", "good=unforgettable bad=terrible", "--template", "{text} It was {mask}.", "--max-length", 8)
    ran = promptlab("eval", "--task", films, *given)
    assert "did not fit into the prompt whole" in ran.out
    assert "Warning: 'unforgettable' is 4 pieces" in ran.err


def test_solved_examples_are_drawn_from_train(promptlab: Any) -> None:
    ran = promptlab("eval", "--template", "sst2#review-demos", "--demos", 1, "--limit", 4)
    assert "2 solved examples in each prompt" in ran.out
    without = promptlab("eval", "--template", "sst2#just", "--demos", 1)
    assert without.code == 2 and "no template has {demos}" in without.err


def test_several_models_are_named_in_the_table(promptlab: Any, films: Path) -> None:
    ran = promptlab("eval", "--task", films, "--words", WORDS, "--model", "embedded", "--model", "embedded", "--json")
    assert [result["model"] for result in ran.results] == ["embedded", "embedded"]


def test_a_store_that_cannot_be_written_costs_the_record_and_not_the_figures(promptlab: Any, films: Path) -> None:
    Path("taken").write_text("a file")
    ran = promptlab("eval", "--task", films, "--words", WORDS, "--workspace", "taken/inside")
    assert ran.code == 0 and "Accuracy" in ran.out
    assert "Warning: The run was not stored." in ran.err and "promptlab runs rows" not in ran.err


def test_another_workspace_stands_in_the_next_commands(promptlab: Any, films: Path) -> None:
    ran = promptlab("eval", "--task", films, "--words", WORDS, "--workspace", "elsewhere")
    assert "promptlab runs rows 1 --wrong --workspace elsewhere" in ran.err
    assert Path("elsewhere/runs.db").is_file() and not Path(".promptlab").exists()


def test_a_bundle_is_evaluated_under_the_labels_of_the_data(promptlab: Any, films: Path) -> None:
    promptlab("eval", "--task", films, "--words", WORDS, "--calibrate", "batch")
    assert promptlab("bundle", "save", 1, "b").code == 0
    (own,) = promptlab("eval", "--bundle", "b", "--task", films, "--json").results
    films.write_text(films.read_text().replace(",good", ",GOOD").replace(",bad", ",Bad"))
    (other,) = promptlab("eval", "--bundle", "b", "--task", films, "--json").results
    assert other["labels"] == ["GOOD", "Bad"]
    assert own["confusion"] == other["confusion"] and own["calibration"]["kind"] == "batch"


def test_a_bundle_brings_its_own_words(promptlab: Any, films: Path) -> None:
    promptlab("eval", "--task", films, "--words", WORDS)
    promptlab("bundle", "save", "last", "b")
    ran = promptlab("eval", "--bundle", "b", "--task", films, "--words", WORDS)
    assert ran.code == 2 and "--words does not go with --bundle" in ran.err


def test_a_bundle_must_know_every_label_of_the_data_which_may_lack_some(promptlab: Any, films: Path) -> None:
    promptlab("eval", "--task", films, "--words", WORDS)
    promptlab("bundle", "save", "last", "b")
    films.write_text("text,label\na fine film,good\na good film,good\n")
    (result,) = promptlab("eval", "--bundle", "b", "--task", films, "--json").results
    assert result["labels"] == ["good", "bad"] and result["per_label"]["bad"]["n"] == 0
    films.write_text("text,label\na fine film,good\na film,so-so\n")
    ran = promptlab("eval", "--bundle", "b", "--task", films)
    assert ran.code == 2 and "the label 'so-so'" in ran.err
