"""Made-up transactions with every turn that a POSLog takes, and how tills write them.

What a transaction is meant to be comes first (`Trade`, in canonical amounts), the XML is made from
it: so what a reader should find is known without reading.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from xml.sax.saxutils import escape

from poslog_files import DAY, NAMESPACE, gtin

NAMESPACES = (NAMESPACE, "http://www.nrf-arts.org/IXRetail/v6.0.0/poslog", "")
LEFT_OUT = {  # attributes of Transaction or RetailTransaction by which it is no sale
    "training": 'TrainingModeFlag="true"',
    "cancelled": 'CancelFlag="1"',
    "suspended or not finished": 'TransactionStatus="Suspended"',
    "voided": 'TransactionStatus="SES:Voided"',
}


@dataclass
class Goods:
    """A line as the canonical scan has it; quantity in thousandths."""

    number: int
    code: str
    quantity: int
    unit: str
    paid: int
    regular: int
    store: int
    maker: int
    voided: bool = False
    tender: int = 0  # of the maker's money, what was handed over as a coupon


@dataclass
class Trade:
    """A transaction. kind: `sale`, `control`, or a key of LEFT_OUT."""

    store: str
    till: str
    number: str
    at: datetime
    card: str | None
    kind: str = "sale"
    goods: list[Goods] = field(default_factory=list)

    @property
    def day(self) -> date:
        """The business day."""
        return self.at.date()

    @property
    def sold(self) -> list[Goods]:
        """The lines that count."""
        return [g for g in self.goods if not g.voided] if self.kind == "sale" else []


@dataclass(frozen=True)
class Dialect:
    """How a till writes: choices that change the XML and must not change what is read."""

    namespace: str = NAMESPACE
    minified: bool = False
    before_discounts: bool = False  # ExtendedAmount
    business_unit: bool = False
    negative_sales: bool = False  # returns as Sale with a negative quantity
    card_number: bool = False
    zone: str = ""

    @classmethod
    def any(cls, chance: Random) -> "Dialect":
        """Any of them."""
        first, second, third, fourth, fifth = (chance.random() < 0.5 for _ in range(5))
        zone = chance.choice(("", "-05:00"))
        return cls(chance.choice(NAMESPACES), first, second, third, fourth, fifth, zone)


def trades(chance: Random, number: int) -> list[Trade]:
    """So many transactions."""
    return [_trade(chance, n) for n in range(1, number + 1)]


def _trade(chance: Random, number: int) -> Trade:
    at = datetime.combine(DAY, datetime.min.time()) + timedelta(seconds=chance.randrange(86_400))
    card = str(chance.randrange(9000, 9100)) if chance.random() < 0.7 else None
    kind = chance.choice(("sale", "sale", "sale", "sale", "control", *LEFT_OUT))
    goods = [_goods(chance, n) for n in range(1, chance.randrange(1, 7))]
    return Trade(chance.choice("123"), str(chance.randrange(1, 9)), str(number), at, card, kind,
                 goods if kind != "control" else [])  # fmt: skip


def _goods(chance: Random, number: int) -> Goods:
    by_weight = chance.random() < 0.25
    quantity = chance.randrange(10, 4000) if by_weight else 1000 * chance.randrange(1, 5)
    price = chance.randrange(20, 3000)  # minor units for a piece or a kilogram
    regular = (2 * price * quantity + 1000) // 2000
    store = chance.randrange(0, regular // 3 + 1) if chance.random() < 0.4 else 0
    maker = chance.randrange(0, regular // 3 + 1) if chance.random() < 0.3 else 0
    back = chance.random() < 0.15
    tender = maker if chance.random() < 0.5 and not back else 0
    # One cent off or none could be rounding: before or after discounts would look the same.
    if store + maker - tender < 3:
        store, maker, tender = 0, 0, 0
    sign = -1 if back else 1
    return Goods(
        number, gtin(chance.randrange(500)), sign * quantity, "kg" if by_weight else "each",
        sign * (regular - store - maker), sign * regular, sign * store, sign * maker,
        chance.random() < 0.1, tender,
    )  # fmt: skip


def xml(found: list[Trade], dialect: Dialect) -> str:
    """A POSLog of transactions."""
    space = f' xmlns="{dialect.namespace}"' if dialect.namespace else ""
    body = "".join(_transaction(trade, dialect) for trade in found)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<POSLog{space}>\n{body}</POSLog>\n'
    return text.replace("\n", "").replace("?><", "?>\n<") if dialect.minified else text


def _transaction(trade: Trade, dialect: Dialect) -> str:
    said = LEFT_OUT.get(trade.kind, "")
    flags, status = ("", f" {said}") if "Status" in said else (f" {said}", "")
    store = (
        f'<BusinessUnit><UnitID TypeCode="RetailStore">{trade.store}</UnitID></BusinessUnit>'
        if dialect.business_unit
        else f"<RetailStoreID>{trade.store}</RetailStoreID>"
    )
    lines = "".join(_line(goods, trade, dialect) for goods in trade.goods)
    body = (
        "<ControlTransaction><NoSale/></ControlTransaction>"
        if trade.kind == "control"
        else f"<RetailTransaction{status}>\n{lines}{_card(trade, dialect)}</RetailTransaction>"
    )
    return (
        f"<Transaction{flags}>\n{store}\n<WorkstationID>{trade.till}</WorkstationID>\n"
        f"<SequenceNumber>{trade.number}</SequenceNumber>\n"
        f"<BusinessDayDate>{trade.day}</BusinessDayDate>\n"
        f"<BeginDateTime>{trade.at.isoformat()}{dialect.zone}</BeginDateTime>\n"
        f"<CurrencyCode>USD</CurrencyCode>\n{body}\n</Transaction>\n"
    )


def _card(trade: Trade, dialect: Dialect) -> str:
    if trade.card is None:
        return ""
    inside = (
        f"<LoyaltyCard><PrimaryAccountNumber>{trade.card}</PrimaryAccountNumber></LoyaltyCard>"
        if dialect.card_number
        else f"<LoyaltyProgram><LoyaltyAccountID>{trade.card}</LoyaltyAccountID></LoyaltyProgram>"
    )
    return f"<LoyaltyAccount>{inside}</LoyaltyAccount>\n"


def _line(goods: Goods, trade: Trade, dialect: Dialect) -> str:
    back = goods.quantity < 0
    tag = "Return" if back and not dialect.negative_sales else "Sale"
    sign = "-" if back and dialect.negative_sales else ""
    paid, regular = abs(goods.paid) + goods.tender, abs(goods.regular)
    store, maker = abs(goods.store), abs(goods.maker) - goods.tender
    unit = "KGM" if goods.unit == "kg" else "EA"
    # A package price, exact however the weight divides it.
    price = f'<RegularSalesUnitPrice Quantity="{_thousandths(goods.quantity)}">{_money(regular)}'
    extended = regular if dialect.before_discounts and store + maker else paid
    text = (
        f'<LineItem VoidFlag="{"true" if goods.voided else "false"}">\n'
        f"<SequenceNumber>{goods.number}</SequenceNumber>\n<{tag}>\n"
        f'<POSIdentity POSIDType="EAN"><POSItemID>{goods.code}</POSItemID></POSIdentity>\n'
        f"<Description>{escape('Bread & butter <fresh>')}</Description>\n"
        f"{price}</RegularSalesUnitPrice>\n<ExtendedAmount>{_money(extended)}</ExtendedAmount>\n"
        f'<Quantity UnitOfMeasureCode="{unit}">{sign}{_thousandths(goods.quantity)}</Quantity>\n'
        f"{_modifier(store, 'Promotion')}{_modifier(maker, 'ManufacturerCoupon')}"
        f"</{tag}>\n</LineItem>\n"
    )
    if goods.tender and not goods.voided:
        text += (
            f"<LineItem><SequenceNumber>{goods.number + 100}</SequenceNumber>"
            f'<Tender TenderType="ManufacturerCoupon"><Amount>{_money(goods.tender)}</Amount>'
            f"<Coupon><ItemLink>{goods.number}</ItemLink></Coupon></Tender></LineItem>\n"
        )
    return text


def _modifier(amount: int, method: str) -> str:
    if not amount:
        return ""
    return (
        f'<RetailPriceModifier MethodCode="{method}">'
        f'<Amount Action="Subtract">{_money(amount)}</Amount></RetailPriceModifier>\n'
    )


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _thousandths(number: int) -> str:
    return f"{abs(number) // 1000}.{abs(number) % 1000:03d}"
