"""Trees of regular expressions to instructions for a machine that follows all ways through them at once."""

from typing import Literal

import msgspec

from pillion.inject.gotemplate.re2 import nodes
from pillion.inject.gotemplate.re2.classes import CharacterSet
from pillion.inject.gotemplate.re2.syntax import Parsed, RegexError

MAX_SIZE = 20_000
"""Instructions of one program."""

Operation = Literal["take", "fork", "jump", "save", "assert", "match"]


class Instruction(msgspec.Struct):
    """One step. `first` is where to go on, `second` the other way of a fork, less preferred."""

    operation: Operation
    first: int = 0
    second: int = 0
    characters: CharacterSet | None = None
    position: nodes.Position = "text start"


def assemble(parsed: Parsed) -> list[Instruction]:
    """Make the program of a tree; raises RegexError when it is too large."""
    assembler = _Assembler()
    assembler.add(Instruction("save", first=1, second=0))
    assembler.node(parsed.tree)
    assembler.add(Instruction("save", first=len(assembler.code) + 1, second=1))
    assembler.add(Instruction("match"))
    return assembler.code


class _Assembler:
    def __init__(self) -> None:
        self.code: list[Instruction] = []

    def add(self, instruction: Instruction) -> int:
        if len(self.code) >= MAX_SIZE:
            raise RegexError("error parsing regexp: expression too large")
        self.code.append(instruction)
        return len(self.code) - 1

    def here(self) -> int:
        return len(self.code)

    def node(self, node: nodes.Node) -> None:
        match node:
            case nodes.Empty():
                return
            case nodes.Characters():
                self.add(Instruction("take", first=self.here() + 1, characters=node.characters))
            case nodes.Assertion():
                self.add(Instruction("assert", first=self.here() + 1, position=node.position))
            case nodes.Sequence():
                for part in node.parts:
                    self.node(part)
            case nodes.Choice():
                self.choice(node.branches)
            case nodes.Group():
                self.add(Instruction("save", first=self.here() + 1, second=2 * node.index))
                self.node(node.body)
                self.add(Instruction("save", first=self.here() + 1, second=2 * node.index + 1))
            case nodes.Repeat():
                self.repeat(node)

    def choice(self, branches: tuple[nodes.Node, ...]) -> None:
        ends: list[int] = []
        for branch in branches[:-1]:
            fork = self.add(Instruction("fork", first=self.here() + 1))
            self.node(branch)
            ends.append(self.add(Instruction("jump")))
            self.code[fork].second = self.here()
        self.node(branches[-1])
        for end in ends:
            self.code[end].first = self.here()

    def repeat(self, node: nodes.Repeat) -> None:
        for _ in range(node.least - (node.most is None and node.least > 0)):
            self.node(node.body)
        if node.most is None:
            if node.least > 0:
                self.plus(node)
            elif nodes.can_be_empty(node.body):
                # (x+)? tries the same ways as x*, in the order that Perl has for an x that may be empty.
                fork = self.fork(greedy=node.greedy)
                self.plus(node)
                self.leave([fork], greedy=node.greedy)
            else:
                self.star(node)
            return
        forks: list[int] = []
        for _ in range(node.most - node.least):
            forks.append(self.fork(greedy=node.greedy))
            self.node(node.body)
        self.leave(forks, greedy=node.greedy)

    def plus(self, node: nodes.Repeat) -> None:
        start = self.here()
        self.node(node.body)
        after = self.here() + 1
        first, second = (start, after) if node.greedy else (after, start)
        self.add(Instruction("fork", first=first, second=second))

    def star(self, node: nodes.Repeat) -> None:
        fork = self.fork(greedy=node.greedy)
        self.node(node.body)
        self.add(Instruction("jump", first=fork))
        self.leave([fork], greedy=node.greedy)

    def fork(self, *, greedy: bool) -> int:
        after = self.here() + 1
        return self.add(Instruction("fork", first=after) if greedy else Instruction("fork", second=after))

    def leave(self, forks: list[int], *, greedy: bool) -> None:
        """Let the other way of some forks go on from here."""
        for fork in forks:
            if greedy:
                self.code[fork].second = self.here()
            else:
                self.code[fork].first = self.here()
