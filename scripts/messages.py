"""The messages that promo says, and the catalogues that translate them.

A message is what a language's `text` is called with (`language.text("Your offers")`, `_("Your
offers")` in a template), the first two texts that its `many` is, or one that is `noted` for later.
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
TEXTS = {"text": 1, "many": 2, "noted": 1, "_": 1}  # how many arguments are the message
SPEAKERS = {"language", "self", "_"}  # whose methods these are: others have a `text`, too
Found = tuple[str, tuple[object, ...]]  # what was called, the arguments that are constants


def in_python(source: str) -> Iterator[Found]:
    """The messages of a Python module."""
    tree = ast.parse(source)
    if any(isinstance(n, ast.ImportFrom) and n.module == "sqlalchemy" for n in ast.walk(tree)):
        return  # whose `text` is SQL
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        said = tuple(each.value for each in call.args if isinstance(each, ast.Constant))
        match call.func:
            case ast.Name(id=name):
                yield name, said
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in SPEAKERS:
                yield name, said
            case ast.Attribute(value=ast.Attribute(attr=owner), attr=name) if owner in SPEAKERS:
                yield name, said


def in_template(source: str) -> Iterator[Found]:
    """The messages of a Jinja2 template."""
    for call in Environment().parse(source).find_all(nodes.Call):
        said = tuple(each.value for each in call.args if isinstance(each, nodes.Const))
        if isinstance(call.node, nodes.Name):
            yield call.node.name, said
        elif isinstance(call.node, nodes.Getattr):
            yield call.node.attr, said


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
