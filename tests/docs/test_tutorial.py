"""The tutorial on manual injection is true, block by block."""

from pathlib import Path

from docs.pages import run, steps

PAGE = "tutorial-manual-injection.md"


def test_the_blocks_print_what_the_page_says(tmp_path: Path) -> None:
    ran = list(run(PAGE, tmp_path, {}))
    assert [(each.step.script, each.output) for each in ran if not each.is_as_written] == []


def test_it_shows_the_four_flags_of_the_settings() -> None:
    scripts = "".join(step.script for step in steps(PAGE))
    flags = ("--injectConfigFile", "--meshConfigFile", "--valuesFile", "--filename")
    assert [flag for flag in flags if flag not in scripts] == []
