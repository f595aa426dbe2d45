"""`promo lists print` and `show`: the stored lists of a night in every format, whole or absent."""

import csv
import hashlib
import json
import mailbox
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
import small_house
from click.testing import CliRunner, Result
from small_house import FIRST, reopen
from sqlalchemy import delete, insert, select, update

from promo import cli, printing, publishing, tables
from promo.files import only_one_in
from promo.house import House
from promo.lists import stored
from promo.lists.press import books, worker
from promo.lists.press.formats import FORMATS, PrintError
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.sheet import Sheet
from promo.offers.known import ListId

NIGHT = ("--night", f"{FIRST}")
PAPER = ("pdf", "large", "mail")
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}{% raw %}\x00\x1b[2J\u202eevil & 'co' \"x\""
MARKS = ("<script>", "49", "\x00", "\x1b[2J", "\u202e")


@pytest.fixture(scope="module")
def printed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small house with a published night of 31 lists, eight to a file. Never write to it."""
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("printed") / "house"))
    small_house.one_big_drop(folder)
    small_house.change(folder, "pages_per_file: 1000", "pages_per_file: 8   ")
    small_house.change(folder, "today: null", f"today: {FIRST}")
    house = reopen(folder)
    small_house.night(house)
    publishing.publish(house, FIRST)
    house.engine.dispose()
    return folder


@pytest.fixture
def made(printed: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of that house."""
    house = reopen(Path(shutil.copytree(printed, tmp_path / "house")))
    yield house
    house.engine.dispose()


def promo(house: House, *words: str, code: int = 0) -> Result:
    config = str(house.settings.folder / "config.yaml")
    done = CliRunner().invoke(cli.main, ["--config", config, *words])
    assert done.exit_code == code, done.output
    return done


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def codes(house: House) -> list[str]:
    """All lists' codes, by store and household as numbers."""
    sheet = tables.ShopperList
    with house.engine.connect() as connection:
        rows = connection.execute(select(sheet.store, sheet.shopper, sheet.code)).all()
    return [row.code for row in sorted(rows, key=lambda r: (int(r.store), int(r.shopper)))]


def a_list(house: House) -> tuple[str, str]:
    """A list's code, and a card that opens it."""
    code = codes(house)[5]
    with house.engine.connect() as connection:
        query = (
            select(tables.Card.card)
            .join(tables.ShopperList, tables.ShopperList.shopper == tables.Card.shopper)
            .where(tables.ShopperList.code == code)
        )
        return code, connection.execute(query).scalar_one()


def change(house: House, shopper: str | None = None, **values: str | bool) -> None:
    query = update(tables.Shopper).values(values)
    with house.engine.begin() as connection:
        connection.execute(
            query.where(tables.Shopper.id == shopper) if shopper is not None else query
        )


def is_whole(folder: Path) -> bool:
    """Whether every file is there and is what the sums say."""
    lines = (folder / "sha256sums").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    assert set(sums) == set(found) - {"sha256sums", "run.json"}
    return all(
        hashlib.sha256(found[name].read_bytes()).hexdigest() == own for name, own in sums.items()
    )


def test_a_night_is_printed_again_as_it_was(made: House, tmp_path: Path) -> None:
    target = tmp_path / "again"
    said = promo(made, "lists", "print", *NIGHT, "--output", str(target))
    assert said.stdout == f"31 lists in {target}\n"
    assert is_whole(target)
    night = files(made.settings.paths.out / f"{FIRST}")
    del night["run.json"]
    assert files(target) == night
    assert {f"lists-00{n}.{s}" for n in (1, 2, 3, 4) for s in ("pdf", "html")} <= set(night)


@pytest.mark.parametrize("form", PAPER)
def test_paper(made: House, form: str) -> None:
    change(made, line1="12 Elm Street", city="Springfield", region="OH", postal_code="45501")
    promo(made, "lists", "print", *NIGHT, "--format", form)
    folder = made.settings.paths.out / f"{FIRST}-{form}"
    assert is_whole(folder)
    rows = table(folder / "manifest.csv")
    assert [row["list_code"] for row in rows] == codes(made)
    assert [row["sequence"] for row in rows] == [f"{n}" for n in range(1, 32)]
    for name in {row["file"] for row in rows}:
        own = [row for row in rows if row["file"] == name]
        with pypdfium2.PdfDocument(folder / name) as document:
            pages = [sheet.get_textpage().get_text_range() for sheet in document]
        assert len(pages) == sum(int(row["pages"]) for row in own)
        for row in own:
            said = "".join(pages[int(row["page"]) - 1 :][: int(row["pages"])])
            assert row["list_code"][-17:] in said.replace(" ", "").replace("\r\n", "")


@pytest.mark.parametrize("form", ["email", "receipt-80", "receipt-58"])
def test_messages_are_found_by_their_index(made: House, form: str) -> None:
    change(made, email="ann@example.org")
    promo(made, "lists", "print", *NIGHT, "--format", form)
    folder = made.settings.paths.out / f"{FIRST}-{form}"
    assert is_whole(folder)
    index = table(folder / "index.csv")
    assert [row["list_code"] for row in index] == codes(made)
    assert len({row["file"] for row in index}) == 4
    with made.engine.connect() as connection:
        cards = dict(connection.execute(
            select(tables.ShopperList.code, tables.Card.card)
            .join(tables.Card, tables.Card.shopper == tables.ShopperList.shopper)
        ).all())  # fmt: skip
    for row in (index[0], index[-1]):
        data = (folder / row["file"]).read_bytes()[int(row["offset"]) :][: int(row["length"])]
        alone = folder.with_name("alone")
        promo(made, "lists", "print", "--card", cards[row["list_code"]], "--format", form,
              "--output", str(alone))  # fmt: skip
        assert alone.read_bytes() == data
    if form == "email":
        box = mailbox.mbox(folder / "email-001.mbox", create=False)
        assert len(box) == 8
        assert {message["To"] for message in box} != {None}
        box.close()


def test_households_without_an_address_are_set_aside(made: House) -> None:
    change(made, line1="12 Elm Street", city="Springfield", email="ann@example.org")
    sheets = tables.ShopperList
    with made.engine.connect() as connection:
        first = connection.execute(select(sheets).where(sheets.code == codes(made)[0])).one()
    change(made, first.shopper, line1="", email="ann at example.org", name="Ann Onymous")
    for form, name in (("mail", "no-address.csv"), ("email", "no-email.csv")):
        said = promo(made, "lists", "print", *NIGHT, "--format", form, code=1)
        folder = made.settings.paths.out / f"{FIRST}-{form}"
        assert f"1 household was set aside, for want of an address: {folder / name}" in said.stderr
        own = {"shopper": first.shopper, "store": first.store, "list_code": first.code}
        assert table(folder / name) == [own]
        rows = table(folder / "manifest.csv")
        assert [row["list_code"] for row in rows] == codes(made)[1:]
        assert [int(row["sequence"]) for row in rows] == list(range(1, 31))
        assert is_whole(folder)
        assert b"Ann Onymous" not in (folder / name).read_bytes()


def test_a_store_s_lists(made: House) -> None:
    promo(made, "lists", "print", *NIGHT, "--store", "2", "--format", "html")
    folder = made.settings.paths.out / f"{FIRST}-html-store-2"
    with made.engine.connect() as connection:
        query = select(tables.ShopperList.code).where(tables.ShopperList.store == "2")
        own = set(connection.execute(query).scalars())
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    assert {code for code in codes(made) if code in text} == own != set()
    said = promo(made, "lists", "print", *NIGHT, "--store", "../7", code=3)
    assert said.stderr == (f"The night of {FIRST} has no lists of store '../7' to print; it has "
                           "lists of 1, 2, 10.\n")  # fmt: skip


def test_who_said_no_since_is_left_out(made: House) -> None:
    later = f"{FIRST + timedelta(2)}"
    config = made.settings.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(f"today: {FIRST}", f"today: {later}"), encoding="utf-8")
    sheets = tables.ShopperList
    with made.engine.begin() as connection:
        one, other, *_ = connection.execute(select(sheets.shopper).order_by(sheets.code)).scalars()
        said = {"purpose": "lists", "given": False}
        connection.execute(
            insert(tables.Consent),
            [
                said | {"shopper": one, "day": FIRST},
                said | {"shopper": other, "day": date(2030, 1, 1)},
            ],
        )
    assert promo(made, "lists", "print", *NIGHT, "--format", "html").stdout.startswith("30 lists")


def test_a_draft_says_that_it_is_one(made: House) -> None:
    with made.engine.begin() as connection:
        connection.execute(update(tables.Run).values(state="draft"))
    code, card = a_list(made)
    for words in (
        ("print", *NIGHT, "--format", "html"),
        ("print", "--card", card, "--format", "html", "--output", "-"),
        ("print", "--card", card, "--format", "html", "--output", str(made.settings.folder / "l")),
        ("show", code),
    ):
        said = promo(made, "lists", *words)
        assert said.stderr.count("This night is a draft") == 1
        assert "draft: it" not in said.stdout
    assert promo(made, "lists", "print", "--day", "2017-11-07", code=3).stderr == (
        "There are no lists of 2017-11-07: run `promo nightly --day 2017-11-07`.\n"
    )


def test_one_card(made: House, tmp_path: Path) -> None:
    code, card = a_list(made)
    target = tmp_path / "list.pdf"
    said = promo(made, "lists", "print", "--card", card, "--output", str(target))
    assert said.stdout.startswith(f"The list {code} of store ")
    assert said.stderr == ""  # published: no draft
    with pypdfium2.PdfDocument(target) as document:
        assert len(document) in (1, 2)
    html = promo(made, "lists", "print", "--card", card, "--format", "html", "--output", "-")
    assert f'id="{code}"' in html.stdout
    assert promo(made, "lists", "show", code).stdout.count("[ ]") > 0
    assert promo(made, "lists", "show", code, "--format", "html").stdout == html.stdout
    # What is no file is written to: a printer's node must not become one.
    printer = tmp_path / "printer"
    os.mkfifo(printer)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(printer.read_bytes)
        promo(made, "lists", "print", "--card", card, "--format", "html", "--output", str(printer))
    assert sent.result().decode() == html.stdout
    assert printer.is_fifo()
    promo(made, "lists", "print", "--card", card, "--output", str(tmp_path), code=2)
    for form, lacks in (("mail", "address"), ("email", "e-mail address")):
        found = promo(made, "lists", "print", "--card", card, "--format", form, code=3)
        assert f"has no {lacks} to send it to" in found.stderr
    odd = promo(made, "lists", "print", "--card", "\udcff", "--output", "-", code=3)
    assert "is no text: its bytes are not UTF-8" in odd.stderr
    # The lookup's own refusals.
    for day, left in (("2017-11-05", 14), ("2017-11-25", 15)):
        promo(made, "lists", "print", "--card", card, "--day", day, code=left)
    assert "No household carries" in promo(made, "lists", "print", "--card", "x", code=13).stderr
    promo(made, "lists", "show", code[:-1] + "x", code=11)


@pytest.mark.parametrize(
    "words",
    [
        ("--card", "c", "--store", "1"),
        ("--card", "c", "--format", "pdf", "--format", "html"),
        ("--output", "-"),
        ("--output", ""),
        ("--format", "docx"),
        ("--store", ""),
        ("--store", " "),
        ("--card", ""),
        ("--card", "c", "--output", ""),
        ("--day", "2026-02-30"),
        ("--day", "1999-12-31"),
    ],
)
def test_wrong_usage(made: House, words: tuple[str, ...]) -> None:
    promo(made, "lists", "print", *words, code=2)


def test_a_folder_with_other_things_is_not_taken(made: House, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "letter.txt").write_text("keep me", encoding="utf-8")
    night = made.settings.paths.out / f"{FIRST}"
    for folder in (target, night, target / "letter.txt"):
        said = promo(made, "lists", "print", *NIGHT, "--output", str(folder), code=3)
        assert "name a new folder" in said.stderr
    assert (target / "letter.txt").read_text(encoding="utf-8") == "keep me"
    assert is_whole(night)


@pytest.mark.parametrize("leads", ["real", "nowhere"])
def test_a_link_is_followed_and_stays(made: House, tmp_path: Path, leads: str) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "LINK"
    link.symlink_to(leads)
    words = ("lists", "print", *NIGHT, "--format", "html", "--output", str(link))
    for _ in range(2):
        assert promo(made, *words).stdout == f"31 lists in {tmp_path / leads}\n"
        assert link.readlink() == Path(leads)
        assert is_whole(tmp_path / leads)
    assert {p.name for p in tmp_path.iterdir()} - {"house"} == {"LINK", "real", leads}


@pytest.mark.parametrize("there", [True, False])
def test_one_list_through_a_link(made: House, tmp_path: Path, *, there: bool) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    if there:
        (folder / "real").write_text("old", encoding="utf-8")
    (folder / "LINK").symlink_to("real")
    words = ("--card", a_list(made)[1], "--format", "html", "--output", str(folder / "LINK"))
    promo(made, "lists", "print", *words)
    assert (folder / "LINK").readlink() == Path("real")
    assert "<html" in (folder / "real").read_text(encoding="utf-8")
    assert sorted(p.name for p in folder.iterdir()) == ["LINK", "real"]


@pytest.mark.parametrize("of", ["night", "card"])
def test_a_file_where_a_folder_is_needed(made: House, tmp_path: Path, of: str) -> None:
    (tmp_path / "afile").write_text("keep me", encoding="utf-8")
    target = tmp_path / "afile" / "deep" / "x.pdf"
    which = NIGHT if of == "night" else ("--card", a_list(made)[1])
    said = promo(made, "lists", "print", *which, "--format", "html", "--output", str(target),
                 code=2)  # fmt: skip
    assert said.stderr == (f"{target} cannot be written: {tmp_path / 'afile'} is a file; expected "
                           "a folder.\n")  # fmt: skip
    assert (tmp_path / "afile").read_text(encoding="utf-8") == "keep me"


def test_a_format_named_twice_is_written_once(made: House, tmp_path: Path) -> None:
    words = ("--format", "html", "--format", "html", "--output", str(tmp_path / "x"))
    said = promo(made, "lists", "print", *NIGHT, *words)
    lines = said.stderr.splitlines()
    assert len(lines) == len(set(lines)) == 4
    assert sorted(p.name for p in (tmp_path / "x").glob("*.html")) == [
        f"lists-00{n}.html" for n in range(1, 5)
    ]
    card = ("--card", a_list(made)[1], *words[:4], "--output", str(tmp_path / "y"))
    promo(made, "lists", "print", *card)


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("ann@example.org", True),
        ("a.b+c@mail", True),
        ("a@[127.0.0.1]", False),
        ('"a b"@example.org', False),
        ("ann@example.org, eve@example.org", False),
        ("ann@", False),
        ("a" * 243 + "@example.org", False),
    ],
)
def test_one_list_and_a_night_are_sent_to_the_same(
    made: House, tmp_path: Path, address: str, sound: bool
) -> None:
    code, card = a_list(made)
    with made.engine.begin() as connection:
        connection.execute(delete(tables.ShopperList).where(tables.ShopperList.code != code))
    change(made, email=address)
    folder = tmp_path / "all"
    promo(made, "lists", "print", *NIGHT, "--format", "email", "--output", str(folder),
          code=0 if sound else 1)  # fmt: skip
    assert len(table(folder / "manifest.csv")) == sound
    alone = promo(made, "lists", "print", "--card", card, "--format", "email", "--output", "-",
                  code=0 if sound else 3)  # fmt: skip
    assert (address in alone.stdout) is sound


def test_a_printer_that_goes_away(made: House, tmp_path: Path) -> None:
    printer = tmp_path / "printer"
    os.mkfifo(printer)
    reader = os.open(printer, os.O_RDONLY | os.O_NONBLOCK)
    words = ("lists", "print", "--card", a_list(made)[1], "--output", str(printer))

    def gone(path: Path, data: bytes) -> None:
        with path.open("wb", buffering=0) as file:
            os.close(reader)
            file.write(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_bytes", gone)
        said = promo(made, *words, code=3)
    assert said.stderr == f"{printer} stopped reading before it had the whole list.\n"


def test_hostile_names_are_harmless_in_every_format(made: House) -> None:
    change(made, name=HOSTILE.replace("\x00", ""), line1=HOSTILE.replace("\x00", ""),
           city="Town", email="a@example.org")  # fmt: skip
    sheets = tables.ShopperList
    with made.engine.begin() as connection:
        row = connection.execute(select(sheets).order_by(sheets.code)).first()
        assert row is not None
        content = json.loads(json.dumps(row.content))
        content["due"][0] |= {"words": HOSTILE, "department": HOSTILE, "detail": HOSTILE}
        content["offers"][0] |= {"title": HOSTILE, "headline": HOSTILE, "conditions": HOSTILE}
        connection.execute(delete(sheets).where(sheets.code != row.code))
        connection.execute(update(sheets).values(content=content))
    words = [w for form in FORMATS for w in ("--format", form)]
    promo(made, "lists", "print", *NIGHT, *words, "--output", str(made.settings.folder / "x"))
    folder = made.settings.folder / "x"
    assert is_whole(folder)
    html = (folder / "lists.html").read_text(encoding="utf-8")
    assert not [mark for mark in MARKS if mark in html and mark != "49"]
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html
    for name in ("lists.pdf", "large.pdf", "mail.pdf"):
        with pypdfium2.PdfDocument(folder / name) as document:
            text = "".join(sheet.get_textpage().get_text_range() for sheet in document)
        assert "7*7" in text
        assert "\x1b" not in text
    for name in ("receipt-80.bin", "receipt-58.bin"):
        # A printer obeys what comes after these.
        assert b"\x1b[2J" not in (folder / name).read_bytes()


def job(house: House, *formats: str) -> books.Job:
    with house.engine.connect() as connection:
        lists = stored.find(connection, stored.Which(FIRST), FIRST)
    return books.Job([books.Book(lists)], formats, "Lists", FIRST)


def shop(house: House, workers: int = 1, press: type[Press] = Press) -> worker.Shop:
    lists = house.settings.lists.model_copy(update={"workers": workers})
    settings = house.settings.model_copy(update={"lists": lists})
    own = printing.shop(settings, house.engine, small_house.keys(settings))
    return worker.Shop(own.settings, own.keys, own.url, own.made_from, press)


def quiet(*_: object) -> None:
    """Tell nobody."""


def test_the_number_of_workers_is_without_effect(
    made: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "LEAST", 1)
    told: list[tuple[int, str]] = []
    both = job(made, "html", "pdf")
    books.print_job(both, tmp_path / "one", shop(made, 1), quiet)
    books.print_job(both, tmp_path / "two", shop(made, 2), lambda n, path: told.append((n, path)))
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(told) == 8
    assert sum(count for count, _ in told) == 62


class Mortal(Press):
    """A press whose process ends at the first list of the store that is printed last."""

    def page(self, sheet: Sheet, **style: str) -> Page:
        if sheet.draft.store == small_house.STORES[-1]:
            os._exit(1)
        return super().page(sheet, **style)


KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
from promo import cli
from promo.lists.press import formats
from promo.lists.press.press import Press

class Stopped(Press):
    pages = 0
    def page(self, sheet, **style):
        Stopped.pages += 1
        if Stopped.pages == 20:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().page(sheet, **style)

from promo.lists.press import worker
worker.Shop.__dataclass_fields__["press"].default = Stopped
worker.Shop.__init__.__defaults__ = (Stopped,)
cli.main({words!r})
"""


def test_killed_in_the_middle_of_a_volume_and_run_again(made: House, tmp_path: Path) -> None:
    target = tmp_path / "x"
    config = str(made.settings.folder / "config.yaml")
    words = [
        "--config",
        config,
        "lists",
        "print",
        *NIGHT,
        "--format",
        "pdf",
        "--output",
        str(target),
    ]
    code = KILLED.format(path=sys.path, words=words)
    died = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert died.returncode == -9, died.stderr
    assert not target.exists()
    working = tmp_path / ".x.new"
    kept = sorted(p.name for p in working.iterdir() if not p.name.startswith("."))
    assert kept == ["lists-001.pdf", "lists-002.pdf"]
    before = {name: (working / name).stat().st_ino for name in kept}
    promo(made, *words[2:])
    assert {name: (target / name).stat().st_ino for name in kept} == before
    assert is_whole(target)
    promo(made, "lists", "print", *NIGHT, "--format", "pdf", "--output", str(tmp_path / "clean"))
    assert files(target) == files(tmp_path / "clean")
    assert not working.exists()


def test_a_volume_is_printed_again_if_what_it_is_made_from_has_changed(
    made: House, tmp_path: Path
) -> None:
    def left_behind() -> dict[str, tuple[int, int]]:
        """Print all volumes but the last, which cannot be, as if the print had died there."""
        folder = tmp_path / "work"
        both = job(made, "html")
        gone = both.books[0].lists[-1]._replace(id=gone_id)
        broken = books.Job(
            [books.Book([*both.books[0].lists[:-1], gone])], ("html",), "Lists", FIRST
        )
        with pytest.raises(stored.Changed, match="made again while"):
            books.print_job(broken, folder, shop(made), quiet)
        found = {p.name: p.stat() for p in folder.glob("*.html")}
        # A number alone may be given to another file once its own is gone.
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}

    gone_id = ListId(1, 999_999)
    first = left_behind()
    assert sorted(first) == ["lists-001.html", "lists-002.html", "lists-003.html"]
    assert left_behind() == first
    (tmp_path / "work" / "lists-002.html").write_text("broken", encoding="utf-8")
    second = left_behind()
    assert [name for name in first if second[name] != first[name]] == ["lists-002.html"]
    sheets = tables.ShopperList
    with made.engine.connect() as connection:
        shopper = connection.execute(
            select(sheets.shopper).where(sheets.code == codes(made)[0])
        ).scalar_one()
    change(made, shopper, name="Another Name")
    third = left_behind()
    assert [name for name in first if third[name] != second[name]] == ["lists-001.html"]
    template = made.settings.paths.templates / "phone.html.j2"
    template.write_text(template.read_text(encoding="utf-8") + "<!-- -->", encoding="utf-8")
    assert not set(left_behind().values()) & set(third.values())


def test_a_worker_that_dies_is_named_and_the_rest_is_kept(
    made: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "LEAST", 1)
    with pytest.raises(PrintError, match="A worker died while it printed"):
        books.print_job(job(made, "html"), tmp_path / "x", shop(made, 2, Mortal), quiet)
    kept = [p.name for p in (tmp_path / "x").glob("*.html")]
    books.print_job(job(made, "html"), tmp_path / "x", shop(made), quiet)
    books.print_job(job(made, "html"), tmp_path / "y", shop(made), quiet)
    assert files(tmp_path / "x") == files(tmp_path / "y")
    assert len(kept) < 4


def test_two_prints_into_one_folder(made: House, tmp_path: Path) -> None:
    """The one that comes second changes nothing, or finds the first one's folder and redoes it."""
    target = tmp_path / "x"
    config = str(made.settings.folder / "config.yaml")
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; "
               "from promo.cli import main; main(sys.argv[1:])", "--config", config, "lists",
               "print", *NIGHT, "--format", "html", "--output", str(target)]  # fmt: skip
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(2)]  # fmt: skip
    said = [process.communicate() for process in both]
    left = sorted(process.returncode for process in both)
    assert left in ([0, 0], [0, 75]), said
    assert is_whole(target)
    with only_one_in(tmp_path / ".x.new", "print"):
        again = promo(made, *command[5:], code=75)
    assert "Another print is at work" in again.stderr
