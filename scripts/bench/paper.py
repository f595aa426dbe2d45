"""A receipt printer on the screen: reads ESC/POS bytes back and draws what would come out.

Written against the command reference, not against our writer: it knows nothing of it. Bytes that
it does not know, text beyond the edge and a picture wider than the paper are errors.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

# Numbers that the reference gives to character code tables.
TABLES = {0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866",
          18: "cp852", 19: "cp858"}  # fmt: skip
FONTS = {0: (12, 24, 20), 1: (9, 17, 15)}  # width, height, points of a face of that width
TYPE = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


class NotUnderstood(ValueError):
    """Bytes that a printer would take for something else than we meant."""


@dataclass
class Cell:
    """A character as it is to be printed."""

    text: str
    x: int
    wide: int
    high: int
    picture: Image.Image


@dataclass
class Printer:
    """State as the reference describes it after ESC @."""

    dots: int
    strips: list[Image.Image] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)  # right edge of each printed line or picture
    cuts: int = 0
    cells: list[Cell] = field(default_factory=list)
    x: int = 0
    align: int = 0
    bold: bool = False
    font: int = 0
    size: tuple[int, int] = (1, 1)
    spacing: int = 30
    table: str = "cp437"
    chinese: bool = False

    @property
    def picture(self) -> Image.Image:
        """All that was printed."""
        sheet = Image.new("1", (self.dots, max(1, sum(s.height for s in self.strips))), 1)
        top = 0
        for strip in self.strips:
            sheet.paste(strip, (0, top))
            top += strip.height
        return sheet

    @property
    def text(self) -> str:
        """The words that were printed as text, line by line."""
        return "\n".join(self.said)

    def reset(self) -> None:
        """ESC @."""
        fresh = Printer(self.dots)
        for name in ("align", "bold", "font", "size", "spacing", "table", "chinese", "x"):
            setattr(self, name, getattr(fresh, name))

    def put(self, character: str, *, double: bool = False) -> None:
        """A character into the line's buffer."""
        width, height, _ = FONTS[0] if double else FONTS[self.font]
        width *= 2 if double else 1
        wide, high = width * self.size[0], height * self.size[1]
        if self.x + wide > self.dots:
            raise NotUnderstood(f"{character!r} stands at {self.x} and does not fit {self.dots}")
        glyph = drawn(character, 0 if double else self.font, self.bold, width, height)
        picture = glyph.resize((wide, high), Image.Resampling.NEAREST)
        self.cells.append(Cell(character, self.x, wide, high, picture))
        self.x += wide

    def line_feed(self) -> None:
        """Print the buffer, its characters standing on one line, and feed."""
        height = max((cell.high for cell in self.cells), default=0)
        strip = Image.new("1", (self.dots, max(height, self.spacing)), 1)
        shift = (0, (self.dots - self.x) // 2, self.dots - self.x)[self.align]
        for cell in self.cells:
            strip.paste(cell.picture, (cell.x + shift, height - cell.high))
        self.strips.append(strip)
        self.said.append(self._words())
        self.edges.append(self.x + shift)
        self.cells, self.x = [], 0

    def _words(self) -> str:
        words, at = "", 0
        for cell in self.cells:
            words += "\t" * (cell.x > at) + cell.text
            at = cell.x + cell.wide
        return words

    def raster(self, width: int, rows: int, data: bytes) -> None:
        """GS v 0."""
        if self.cells:
            raise NotUnderstood("a picture in the middle of a line")
        if width * 8 > self.dots or len(data) != width * rows:
            raise NotUnderstood(f"a picture of {width} x {rows} bytes in {len(data)} bytes")
        picture = Image.frombytes("1", (width * 8, rows), bytes(255 - byte for byte in data))
        strip = Image.new("1", (self.dots, rows), 1)
        strip.paste(picture, ((0, (self.dots - width * 8) // 2)[self.align == 1], 0))
        self.strips.append(strip)
        self.edges.append(width * 8)

    def feed(self, dots: int) -> None:
        """ESC J, without anything in the buffer."""
        if self.cells:
            raise NotUnderstood("a feed in the middle of a line")
        self.strips.append(Image.new("1", (self.dots, dots), 1))


@lru_cache(maxsize=4096)
def drawn(character: str, font: int, bold: bool, width: int, height: int) -> Image.Image:
    """A character in its cell; double-byte ones as boxes, for want of a face."""
    cell = Image.new("1", (width, height), 1)
    pen = ImageDraw.Draw(cell)
    if width > FONTS[font][0]:
        pen.rectangle((2, 2, width - 3, height - 3), outline=0)
        return cell
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    face = ImageFont.truetype(TYPE / name, FONTS[font][2])
    pen.fontmode = "1"
    pen.text((0, height - height // 4), character, font=face, fill=0, anchor="ls")
    return cell


def printed(data: bytes, dots: int) -> Printer:
    """What a printer with `dots` a line makes of `data`. Raises NotUnderstood."""
    printer = Printer(dots)
    at = 0
    while at < len(data):
        at += _step(printer, data, at)
    if printer.cells:
        raise NotUnderstood("the last line is not ended")
    return printer


def _step(printer: Printer, data: bytes, at: int) -> int:
    """Obey one command or print one character; returns its bytes."""
    byte = data[at]
    if byte == 0x0A:
        printer.line_feed()
        return 1
    if byte in (0x1B, 0x1C, 0x1D):
        return _command(printer, data, at)
    if printer.chinese and byte > 0x80:
        printer.put(data[at : at + 2].decode("gb18030"), double=True)
        return 2
    if byte < 0x20 or byte == 0x7F:
        raise NotUnderstood(f"the byte {byte:#04x} at {at}")
    printer.put(data[at : at + 1].decode(printer.table))
    return 1


def _command(printer: Printer, data: bytes, at: int) -> int:
    """Obey a command; returns its bytes."""
    lead, name = data[at], data[at + 1 : at + 2]
    argument = data[at + 2] if at + 2 < len(data) else -1
    if lead == 0x1C and name in (b"&", b"."):
        printer.chinese = name == b"&"
        return 2
    if lead == 0x1D:
        length = _group(printer, name, argument, data[at:])
    else:
        length = _escape(printer, name, argument, data[at:]) if lead == 0x1B else 0
    if not length:
        raise NotUnderstood(f"{data[at : at + 4]!r} at {at}")
    return length


def _escape(printer: Printer, name: bytes, argument: int, data: bytes) -> int:
    """Commands that begin with ESC; 0 for one that is unknown."""
    length = {b"@": 2, b"$": 4}.get(name, 3)
    match name:
        case b"@":
            printer.reset()
        case b"t" if argument in TABLES:
            printer.table = TABLES[argument]
        case b"a" if argument in (0, 1, 2) and not printer.cells:
            printer.align = argument
        case b"E":
            printer.bold = bool(argument & 1)
        case b"M" if argument in FONTS:
            printer.font = argument
        case b"3":
            printer.spacing = argument
        case b"J":
            printer.feed(argument)
        case b"$":
            printer.x = int.from_bytes(data[2:4], "little")
        case _:
            return length if (name, argument) == (b"R", 0) else 0
    return length


def _group(printer: Printer, name: bytes, argument: int, data: bytes) -> int:
    """Commands that begin with GS; 0 for one that is unknown."""
    if name == b"!" and argument & 0x88 == 0:
        printer.size = (argument >> 4) + 1, (argument & 7) + 1
        return 3
    if name == b"V" and argument == 66:
        printer.cuts += 1
        return 4
    if data[1:4] != b"v0\0":
        return 0
    width, rows = (int.from_bytes(data[k : k + 2], "little") for k in (4, 6))
    printer.raster(width, rows, data[8 : 8 + width * rows])
    return 8 + width * rows
