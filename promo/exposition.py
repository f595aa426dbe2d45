"""Prometheus' text format 0.0.4, in which its textfile collector reads files, too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Family:
    """Samples of one name, each with its labels; `words` say what they are, with their unit."""

    name: str
    words: str
    samples: tuple[tuple[Mapping[str, str], float], ...]
    kind: str = "gauge"


def head(name: str, kind: str, words: str) -> list[str]:
    """The two lines that stand before a family's samples."""
    words = words.replace("\\", "\\\\").replace("\n", "\\n")
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]


def text(families: Iterable[Family]) -> str:
    """Families as a whole file; one without samples stays away."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += head(family.name, family.kind, family.words)
            lines += [f"{family.name}{_labels(of)} {_number(n)}" for of, n in family.samples]
    return "\n".join([*lines, ""])


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """All digits: of money and of moments every one counts."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
