"""Documents damaged in every way that files get damaged, by a number that makes each again."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

from poslog_sales import Dialect, trades, xml

ENCODINGS = ("utf-16", "utf-32", "latin-1", "cp037", "utf-7", "cp1252")


def document(seed: int) -> tuple[str, bytes]:
    """How it was damaged, and the document."""
    chance = Random(seed)
    text = xml(trades(chance, chance.randrange(1, 8)), Dialect.any(chance))
    name, damage = chance.choice(sorted(DAMAGE.items()))
    done = damage(chance, text)
    return name, done if isinstance(done, bytes) else done.encode()


def _flipped(chance: Random, text: str) -> bytes:
    data = bytearray(text.encode())
    for _ in range(chance.choice((1, 1, 3, 20))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut(chance: Random, text: str) -> bytes:
    return text.encode()[: chance.randrange(len(text))]


def _tags(text: str) -> list[tuple[int, int]]:
    """Where tags begin and end."""
    found, start = [], text.find("<")
    while start >= 0:
        end = text.find(">", start)
        found.append((start, end + 1))
        start = text.find("<", end)
    return found


def _swapped(chance: Random, text: str) -> str:
    first, second = sorted(chance.sample(_tags(text), 2))
    return (text[: first[0]] + text[slice(*second)] + text[first[1] : second[0]]
            + text[slice(*first)] + text[second[1] :])  # fmt: skip


def _without_element(chance: Random, text: str) -> str:
    """An element and what is in it goes; what is left is well formed."""
    tags = _tags(text)
    for _ in range(50):
        at = chance.randrange(len(tags))
        name = text[slice(*tags[at])].strip("</>").split()[0]
        opening = not text.startswith("</", tags[at][0])
        end = text.find(f"</{name}>", tags[at][1])
        if opening and end >= 0 and name not in ("POSLog", "?xml"):
            return text[: tags[at][0]] + text[end + len(name) + 3 :]
    return text


def _without_tag(chance: Random, text: str) -> str:
    start, end = chance.choice(_tags(text))
    return text[:start] + text[end:]


def _nested(chance: Random, text: str) -> str:
    at, deep = chance.choice(_tags(text))[0], chance.choice((3, 100, 300, 5000))
    name = chance.choice(("LineItem", "Transaction", "x", "RetailTransaction", "Sale"))
    return text[:at] + f"<{name}>" * deep + f"</{name}>" * deep + text[at:]


def _attribute(chance: Random, text: str) -> str:
    tags = [(a, b) for a, b in _tags(text) if text[a + 1] not in "/?" and text[b - 2] != "/"]
    end = chance.choice(tags)[1] - 1
    size = chance.choice((0, 10, 10_000, 1_000_000, 11_000_000))
    return (
        f'{text[:end]} {chance.choice(("a", "CancelFlag", "Currency"))}="{"9" * size}"{text[end:]}'
    )


def _encoded(chance: Random, text: str) -> bytes:
    data = text.encode(chance.choice(ENCODINGS))
    said = chance.choice(ENCODINGS).encode()
    return data.replace(b"UTF-8", said, 1) if chance.random() < 0.5 else data


def _value(chance: Random, text: str) -> str:
    """Some text between tags becomes something else."""
    tags = _tags(text)
    gaps = [(a[1], b[0]) for a, b in pairwise(tags) if b[0] > a[1]]
    start, end = chance.choice(gaps)
    odd = ("", "-1", "9" * 40, "1e9", "NaN", "\u0663", "x" * 5000, "2017-02-30", "0", " 1 ",
           "&amp;", "<![CDATA[1]]>", "99999999999", "0.0001", "&#0;", "&lol;")  # fmt: skip
    return text[:start] + chance.choice(odd) + text[end:]


def _entities(chance: Random, text: str) -> str:
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">'
        for n in range(chance.randrange(1, 12))
    )
    outside = '<!ENTITY l0 SYSTEM "file:///etc/hostname">'
    begin = text.index("<POSLog")
    kind = f"<!DOCTYPE POSLog [{laughs if chance.random() < 0.7 else outside}]>\n"
    text = text[:begin] + kind + text[begin:]
    at = chance.choice(_tags(text)[-20:])[0]
    return f"{text[:at]}&l0;{text[at:]}" if chance.random() < 0.7 else text


def _again(chance: Random, text: str) -> str:
    return text + text[chance.randrange(len(text)) :]


def _sound(_: Random, text: str) -> str:
    return text


DAMAGE: dict[str, Callable[[Random, str], str | bytes]] = {
    "bytes flipped": _flipped,
    "cut off": _cut,
    "tags swapped": _swapped,
    "an element gone": _without_element,
    "a tag gone": _without_tag,
    "deeply nested": _nested,
    "a large attribute": _attribute,
    "wrong encoding": _encoded,
    "odd values": _value,
    "entities": _entities,
    "twice": _again,
    "sound": _sound,
}
