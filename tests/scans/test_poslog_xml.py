"""What a POSLog must not be is refused by name, and costs neither time nor memory."""

import tracemalloc
from pathlib import Path

import pytest

from promo.scans import poslog_xml
from promo.scans.poslog_xml import transactions
from promo.scans.sources import SourceError

OPEN = b'<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/">'
LAUGHS = b"<!DOCTYPE POSLog [" + b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(12)
) + b"]>"  # fmt: skip
OUTSIDE = b'<!DOCTYPE POSLog [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def read(folder: Path, content: bytes) -> list[str]:
    path = folder / "log.xml"
    path.write_bytes(content)
    return [each.findtext("{*}SequenceNumber") for each in transactions(path)]


@pytest.mark.parametrize(
    "content",
    [
        OPEN + b"<Transaction><SequenceNumber>7</SequenceNumber></Transaction></POSLog>",
        b"\xef\xbb\xbf" + OPEN
        + b"<Transaction><SequenceNumber>7</SequenceNumber></Transaction></POSLog>",
        b"<POSLog><Transaction><SequenceNumber>7</SequenceNumber></Transaction></POSLog>",
        b"<Transaction><SequenceNumber>7</SequenceNumber></Transaction>",
        b"<POSLog><LogDocuments><Transaction><SequenceNumber>7</SequenceNumber></Transaction>"
        b"</LogDocuments></POSLog>",
        b'<?xml version="1.0" encoding="ISO-8859-1"?><POSLog><Transaction><!-- \xe9 -->'
        b"<SequenceNumber>7</SequenceNumber></Transaction></POSLog>",
        '<?xml version="1.0" encoding="UTF-16"?><POSLog><Transaction><SequenceNumber>7'
        "</SequenceNumber></Transaction></POSLog>".encode("utf-16"),
        b"<POSLog><Transaction><SequenceNumber>7</SequenceNumber><Transaction/></Transaction></POSLog>",
    ],
)  # fmt: skip
def test_what_is_read(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == ["7"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"log\.xml.*expected well-formed XML"),
        (b"   \n", r"log\.xml.*expected well-formed XML"),
        (b"store,till\n1,2\n", r"log\.xml, line 1: Start tag expected"),
        (b"\x00\xff\xfe garbage", r"log\.xml, line 1: "),
        (OPEN + b"<Transaction>\n<A></B></Transaction></POSLog>", "line 2: Opening and ending"),
        (OPEN + b"<Transaction>\n\n", r"line 3: "),
        (OPEN + b"<Transaction>\xff</Transaction></POSLog>", r"line 1: Invalid bytes"),
        (OPEN + b"<Transaction>&nbsp;</Transaction></POSLog>", "line 1: undefined entity"),
        (b'<?xml version="1.0" encoding="KLINGON"?><POSLog/>', "(?i)encoding"),
        (LAUGHS + OPEN + b"<Transaction>&l11;</Transaction></POSLog>", r"line 1: .*amplification"),
        (LAUGHS + b'<POSLog a="&l11;"/>', r"log\.xml, line 1: .*amplification|document type"),
        (OUTSIDE + OPEN + b"<Transaction>&x;</Transaction></POSLog>", "document type"),
        (b"<!DOCTYPE POSLog><POSLog/>", "document type"),
        (b"<html><body/></html>", "begins with the element html; expected POSLog"),
        (b'<POSLog xmlns="urn:other"/>', r"begins with the element \{urn:other\}POSLog"),
        (b'<s:E xmlns:s="soap"><Transaction/></s:E>', "expected POSLog"),
        (OPEN + b"<a>" * 5000, "(?i)depth"),
        (OPEN + b'<a b="' + b"x" * 11_000_000 + b'"/></POSLog>', "log.xml"),
        (OPEN + b"<a>" + b"x" * 11_000_000 + b"</a></POSLog>", "log.xml"),
        (OPEN + (b"<a>" + b"x" * 999_999 + b"</a>") * 10, "8 MB without the end of a Transaction"),
        (OPEN + b"</POSLog><POSLog/>", "Extra content"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(tmp_path, content)
    assert "log.xml" in str(caught.value)
    assert len(str(caught.value)) < 700


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        list(transactions(tmp_path / "none.xml"))


def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was read nothing stays in the tree but the last one, emptied."""
    monkeypatch.setattr(poslog_xml, "CHUNK", 1 << 10)
    path = tmp_path / "log.xml"
    one = b"<Transaction>" + b"<SequenceNumber>7</SequenceNumber>" * 50 + b"</Transaction>\n"
    path.write_bytes(OPEN + one * 400 + b"</POSLog>")
    tracemalloc.start()
    for element in transactions(path):
        assert len(list(element.getparent())) <= 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
