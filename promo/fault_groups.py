"""Faults of many cases and formats, each said once: what `promo templates check` ends with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from promo.counting import counted
from promo.template_check import Broken

SHOWN = 3  # cases that are named
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
OWN_WORDS = re.compile(rf"^(?:page \d+: )?(?:of )?(?:{QUOTED})|(?:{QUOTED})(?= is missing$)")
NUMBER_OR_QUOTED = re.compile(rf"({QUOTED})|\d+(?:[.,]\d+)*")


@dataclass
class Group:
    """Faults of one kind: the first one met, the formats and cases it was met in, what it said."""

    fault: str
    forms: dict[str, None] = field(default_factory=dict)
    cases: dict[str, None] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)

    def add(self, broken: Broken) -> None:
        """Count a fault in."""
        self.forms[broken.form] = None
        self.cases[str(broken.case)] = None
        self.texts.add(broken.fault)

    def in_words(self, forms: int) -> str:
        """Two lines: what is wrong and where. forms: how many formats were checked."""
        where = "all formats" if len(self.forms) == forms else ", ".join(self.forms)
        others = len(self.texts) - 1
        alike = f", and {others:,} more like it" if others else ""
        names = list(self.cases)
        rest = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        cases = counted(len(names), "case")
        return f"{where}: {self.fault}{alike}\n  in {cases}: {', '.join(names[:SHOWN])}{rest}"


def grouped(found: Iterable[Broken]) -> list[Group]:
    """The faults by kind, as they were first met."""
    groups: dict[str, Group] = {}
    for broken in found:
        groups.setdefault(kind(broken.fault), Group(broken.fault)).add(broken)
    return list(groups.values())


def kind(fault: str) -> str:
    """A fault without what differs from case to case: a list's own words, places and sizes.

    Where a template is named nothing is left out: what is quoted and counted there is its own.
    """
    if "the template " in fault.casefold():
        return fault
    return NUMBER_OR_QUOTED.sub(lambda found: found[1] or "#", OWN_WORDS.sub("…", fault))


def summary(groups: Iterable[Group], cases: int, forms: int) -> str:
    """How many faults there are, in how many of the cases."""
    found = list(groups)
    checked = f"{counted(cases, 'case')} in {counted(forms, 'format')}"
    if not found:
        return f"{checked}: no faults."
    broken = {case for group in found for case in group.cases}
    return f"{checked}: {counted(len(found), 'fault')}, in {counted(len(broken), 'case')}."
