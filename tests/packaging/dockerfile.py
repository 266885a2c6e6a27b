"""Reads a Dockerfile into stages, as far as ours goes: no here-documents, no escapes but the line's end."""

import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Instruction:
    word: str
    text: str

    def flags(self):
        """--name=value before the arguments."""
        return dict(re.findall(r"(?:^|\s)--(\w+)=(\S+)", self.text))

    def arguments(self):
        """The words, from either form: JSON or plain."""
        if self.text.startswith("["):
            return json.loads(self.text)
        return [word for word in shlex.split(self.text) if not word.startswith("--")]


@dataclass
class Stage:
    base: str
    name: str
    instructions: list = field(default_factory=list)

    def of(self, word):
        return [instruction for instruction in self.instructions if instruction.word == word]


def logical_lines(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()


def with_values(text, values):
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found.group(1), found.group(0)), text)


def read(text):
    """(stages in order, what ARG set). A variable counts from its ARG on, in every stage."""
    stages, values = [], {}
    for line in logical_lines(text):
        word, _, rest = line.strip().partition(" ")
        rest = with_values(rest.strip(), values)
        if word == "ARG":
            name, _, value = rest.partition("=")
            values[name] = value
        if word == "FROM":
            words = rest.split()
            stages.append(Stage(words[0], words[2] if len(words) > 2 else ""))
        elif stages:
            stages[-1].instructions.append(Instruction(word, rest))
    return stages, values
