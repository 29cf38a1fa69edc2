"""The page on the command line has every command and every option, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from pillion.cli.main import COMMANDS, main

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
EVERYWHERE = {"--help", "-h", "--version"}


def _chapters() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from _commands(each)


def _options(name: str) -> set[str]:
    top = main.get_command(click.Context(main), name)
    assert top is not None
    return {
        word
        for command in _commands(top)
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
        for word in option.opts
    } - EVERYWHERE


def test_every_command_has_a_chapter() -> None:
    assert sorted(COMMANDS.keys() - _chapters().keys()) == []


def test_every_option_is_documented() -> None:
    chapters = _chapters()
    missing = {
        name: sorted(option for option in _options(name) if f"`{option}" not in chapters[name]) for name in COMMANDS
    }
    assert {name: options for name, options in missing.items() if options} == {}


def test_no_option_is_documented_that_is_not_there() -> None:
    invented = {
        name: sorted(set(re.findall(r"`(--?[a-zA-Z][\w-]*)", _chapters()[name])) - _options(name)) for name in COMMANDS
    }
    assert {name: options for name, options in invented.items() if options} == {}


def test_every_subcommand_is_documented() -> None:
    for name in COMMANDS:
        top = main.get_command(click.Context(main), name)
        assert top is not None
        for each in list(_commands(top))[1:]:
            assert f"`{name} {each.name}" in _chapters()[name]
