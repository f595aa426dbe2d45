"""The messages that promo says, and the catalogues that translate them.

A message is the first text of a call of a method `text` (`language.text("Your offers")`), or the
first two of a method `many`, in Python and in templates alike.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2 import Environment, nodes

from promo import translations

ROOT = Path(__file__).parent.parent
TEXTS = {"text": 1, "many": 2}  # how many of a method's arguments are the message
OTHERS = {"sa", "sqlalchemy"}  # whose `text` is SQL
Found = tuple[str, tuple[object, ...]]  # method, the arguments that are texts


def in_python(source: str) -> Iterator[Found]:
    """The messages of a Python module."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if not (isinstance(owner, ast.Name) and owner.id in OTHERS):
                said = (each.value for each in call.args if isinstance(each, ast.Constant))
                yield call.func.attr, tuple(said)


def in_template(source: str) -> Iterator[Found]:
    """The messages of a Jinja2 template."""
    for call in Environment().parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr):
            said = (each.value for each in call.args if isinstance(each, nodes.Const))
            yield call.node.attr, tuple(said)


def extracted(root: Path = ROOT) -> Catalog:
    """All messages under a root, with the files they stand in."""
    found = Catalog()
    readers = (("promo", "*.py", in_python), ("templates", "*.j2", in_template))
    for folder, pattern, reader in readers:
        for path in sorted((root / folder).rglob(pattern)):
            place = (path.relative_to(root).as_posix(), 0)
            for method, said in reader(path.read_text(encoding="utf-8")):
                count = TEXTS.get(method, 0)
                texts = [text for text in said[:count] if isinstance(text, str)]
                if count and len(texts) == count:
                    found.add(texts[0] if count == 1 else tuple(texts), locations=[place])
    return found


def updated(file: Path, messages: Catalog) -> str:
    """A catalogue with exactly these messages, its translations kept."""
    tag = file.parent.name
    old = translations.read(file)
    new = Catalog(locale=tag)
    for message in sorted(messages, key=lambda message: _key(message.id)):
        if message.id:
            known = old.get(_key(message.id))
            said = known.string if known is not None and not known.fuzzy else None
            new.add(message.id, said or None, sorted(set(message.locations)))
    text = BytesIO()
    write_po(text, new, width=100, omit_header=True, include_lineno=False)
    return f"{_header(file, new)}\n{text.getvalue().decode()}"


def _key(message: object) -> str:
    return str(message[0]) if isinstance(message, tuple) else str(message)


def _header(file: Path, catalogue: Catalog) -> str:
    """The translator's remarks at the head of the file, and what gettext must know."""
    lines = file.read_text(encoding="utf-8").splitlines()
    remarks = [line for line in lines[: lines.index('msgid ""')] if line.startswith("#")]
    facts = (
        ("Language", file.parent.name), ("Content-Type", "text/plain; charset=utf-8"),
        ("Plural-Forms", catalogue.plural_forms),
    )  # fmt: skip
    said = (f'"{name}: {value}\\n"' for name, value in facts)
    return "\n".join([*remarks, 'msgid ""', 'msgstr ""', *said, ""])


if __name__ == "__main__":
    everything = extracted()
    for each in sorted((ROOT / "promo" / "locale").glob("*/promo.po")):
        each.write_text(updated(each, everything), encoding="utf-8")
        untold = [message.id for message in translations.read(each) if not message.string]
        print(f"{each.relative_to(ROOT)}: {len(untold)} to translate")
