"""Line items, element by element."""

from typing import Any

import pytest
from lxml import etree

from promo.scans.poslog_amounts import Wrong
from promo.scans.poslog_lines import Line, LineReader, Off, names_in

READER = LineReader(names_in(None), "USD", 2)
MILK = "614141000036"


def goods(inside: str, tag: str = "Sale") -> Line:
    """A line whose amounts, if not said, are 1.00 for one piece."""
    for name, value in (("ExtendedAmount", "1.00"), ("Quantity", "1"), ("ItemID", "777")):
        if f"<{name}" not in inside:
            inside += f"<{name}>{value}</{name}>"
    item = etree.fromstring(
        f"<LineItem><SequenceNumber>3</SequenceNumber><{tag}>{inside}</{tag}></LineItem>"
    )
    return READER.goods(item, READER.children(item))


def scanned(code: str, kind: str = "") -> str:
    return f'<POSIdentity POSIDType="{kind}"><POSItemID>{code}</POSItemID></POSIdentity>'


def amounts(line: Line) -> tuple[int, int, int, int]:
    return line.paid, line.regular, line.store, line.manufacturer


@pytest.mark.parametrize(
    ("inside", "product", "domain"),
    [
        (f"<ItemID>{MILK}</ItemID>", MILK, "gtin"),
        ("<ItemID>CA7865</ItemID>", "CA7865", "internal"),
        (f"{scanned(MILK)}<ItemID>7</ItemID>", MILK, "gtin"),
        (f"<ItemID>7</ItemID>{scanned(MILK)}", MILK, "gtin"),
        (scanned(MILK, "SKU"), "777", "internal"),
        (f"{scanned('4011', 'PLU')}<ItemID/>", "4011", "internal"),
        (f'<ItemID Type="SKU">{MILK}</ItemID>', MILK, "internal"),
        ('<ItemID Type="EAN13">8850187000018</ItemID>', "8850187000018", "gtin"),
        ('<ItemID Type="X:EANNON">8850187000018</ItemID>', "8850187000018", "gtin"),
        ('<ItemID Type="GTIN">12</ItemID>', "12", "gtin"),  # to be refused by name
        ("<ItemID>96385074</ItemID>", "96385074", "gtin"),
        ("<ItemID>96385075</ItemID>", "96385075", "internal"),
        (f"<ItemID>(01)00{MILK}</ItemID>", f"(01)00{MILK}", "gtin"),
        (f"<ItemID>https://a.b/01/00{MILK}</ItemID>", f"https://a.b/01/00{MILK}", "gtin"),
        ("<ItemID/><MerchandiseHierarchy>17</MerchandiseHierarchy>", "department:17", "internal"),
        ("<ItemID>\n 777 \n</ItemID>", "777", "internal"),
    ],
)
def test_products(inside: str, product: str, domain: str) -> None:
    line = goods(inside)
    assert (line.product, line.domain) == (product, domain)


@pytest.mark.parametrize(
    ("inside", "quantity", "unit"),
    [
        ("<Quantity>2</Quantity>", 2000, "each"),
        ("<Quantity>2.0000</Quantity>", 2000, "each"),
        ('<Quantity UnitOfMeasureCode="EA" Units="6">2</Quantity>', 2000, "each"),
        ('<Quantity UnitOfMeasureCode="KGM">0.485</Quantity>', 485, "kg"),
        ('<Quantity UnitOfMeasureCode="LBR" Units="1.25">1</Quantity>', 1250, "lb"),
        ('<Quantity UnitOfMeasureCode="LB" Units="1.25">2</Quantity>', 2500, "lb"),
        ('<Quantity UnitOfMeasureCode="KGM" Units="0.485">0.485</Quantity>', 485, "kg"),
        ('<Quantity>1</Quantity><Quantity UnitOfMeasureCode="KGM">0.485</Quantity>', 485, "kg"),
        ('<Quantity UnitOfMeasureCode="KGM">0.485</Quantity><Quantity>1</Quantity>', 485, "kg"),
        ("<Quantity/>", None, "each"),
        ("<Quantity>-2</Quantity>", -2000, "each"),
    ],
)
def test_quantities(inside: str, quantity: int | None, unit: str) -> None:
    line = goods(inside)
    assert (line.quantity, line.unit) == (quantity, unit)


def modifier(amount: str, action: str = "Subtract", attributes: str = "", more: str = "") -> str:
    return (f'<RetailPriceModifier {attributes}><Amount Action="{action}">{amount}</Amount>{more}'
            "</RetailPriceModifier>")  # fmt: skip


SHELF = "<RegularSalesUnitPrice>5.00</RegularSalesUnitPrice>"
REFERENCE = "<Eligibility><ReferenceID Type='{}'>1</ReferenceID></Eligibility>"
BY = f"<PriceDerivationRule>{REFERENCE}</PriceDerivationRule>"
MAKERS, VOIDED = 'MethodCode="ManufacturerCoupon"', 'VoidFlag="true"'


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("", (100, 100, 0, 0)),
        (SHELF, (100, 500, 400, 0)),
        (f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>{modifier('1.00')}", (400, 500, 100, 0)),
        (f"{SHELF}<ExtendedAmount>5.00</ExtendedAmount>{modifier('1.00')}", (400, 500, 100, 0)),
        (f"<ExtendedAmount>4.00</ExtendedAmount>{modifier('1.00')}", (400, 500, 100, 0)),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>{modifier('0.60')}{modifier('0.40')}",
            (400, 500, 100, 0),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>{modifier('1.00', attributes=MAKERS)}",
            (400, 500, 0, 100),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>"
            f"{modifier('1.00', more=BY.format('ManufacturerCoupon'))}",
            (400, 500, 0, 100),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>"
            f"{modifier('1.00', more=BY.format('StoreCoupon'))}",
            (400, 500, 100, 0),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>"
            f"{modifier('1.00', more='<Coupon><ManufacturerID>6</ManufacturerID></Coupon>')}",
            (400, 500, 0, 100),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>{modifier('1.00', attributes=VOIDED)}",
            (400, 500, 100, 0),
        ),
        (
            f"{SHELF}<ExtendedAmount>4.00</ExtendedAmount>{modifier('4.00', 'Replace')}",
            (400, 500, 100, 0),
        ),
        (f"<ExtendedAmount>5.00</ExtendedAmount>{modifier('1.00', 'Add')}", (500, 500, 0, 0)),
        ('<RegularSalesUnitPrice Quantity="3">5.00</RegularSalesUnitPrice>', (100, 167, 67, 0)),
        ("<RegularSalesUnitPrice>1.0049</RegularSalesUnitPrice>", (100, 100, 0, 0)),
    ],
)
def test_amounts(inside: str, found: tuple[int, int, int, int]) -> None:
    assert amounts(goods(inside)) == found


@pytest.mark.parametrize(
    ("inside", "tag"),
    [
        ("<Quantity>1</Quantity><ExtendedAmount>4.00</ExtendedAmount>", "Return"),
        ("<Quantity>-1</Quantity><ExtendedAmount>-4.00</ExtendedAmount>", "Return"),
        ("<Quantity>1</Quantity><ExtendedAmount>-4.00</ExtendedAmount>", "Return"),
        ("<Quantity>-1</Quantity><ExtendedAmount>4.00</ExtendedAmount>", "Sale"),
        ("<Quantity>-1</Quantity><ExtendedAmount>-4.00</ExtendedAmount>", "Sale"),
    ],
)
def test_returns_however_signed(inside: str, tag: str) -> None:
    line = goods(SHELF + inside + modifier("1.00"), tag)
    assert (line.quantity, *amounts(line)) == (-1000, -400, -500, -100, 0)


def tender(kind: str, inside: str = "", amount: str = "0.50", attributes: str = "") -> str:
    said = f'TenderType="{kind}" {attributes}'
    return f"<Tender {said}><Amount>{amount}</Amount>{inside}</Tender>"


@pytest.mark.parametrize(
    ("element", "off"),
    [
        (tender("Cash"), None),
        (tender("Cash", amount="x"), None),  # no business of ours
        (tender("ManufacturerCoupon"), Off(50, True, None)),
        (tender("Coupon"), Off(50, True, None)),
        (tender("StoreCoupon"), Off(50, False, None)),
        (tender("Coupon", '<Coupon CouponType="Store"/>'), Off(50, False, None)),
        (tender("", "<Coupon><ManufacturerID>6</ManufacturerID></Coupon>"), Off(50, True, None)),
        (tender("Coupon", "<Coupon><ItemLink>3</ItemLink></Coupon>"), Off(50, True, 3)),
        (tender("Coupon", "<ItemLink>3</ItemLink>"), Off(50, True, 3)),
        (tender("Coupon", attributes='TypeCode="Refund"'), Off(-50, True, None)),
    ],
)
def test_coupons_as_tender(element: str, off: Off | None) -> None:
    assert READER.off(etree.fromstring(element), tender=True) == off


def test_a_discount_on_the_basket_is_the_chains() -> None:
    element: Any = etree.fromstring("<Discount><Amount>2.00</Amount></Discount>")
    assert READER.off(element, tender=False) == Off(200, False, None)


@pytest.mark.parametrize(
    ("inside", "field"),
    [
        ("<ItemID/>", "ItemID"),
        ("<ExtendedAmount>1.005</ExtendedAmount>", "ExtendedAmount"),
        ("<RegularSalesUnitPrice>x</RegularSalesUnitPrice>", "RegularSalesUnitPrice"),
        ('<RegularSalesUnitPrice Quantity="0">1</RegularSalesUnitPrice>', "RegularSalesUnitPrice"),
        ('<Quantity UnitOfMeasureCode="KGM" Units="x">1</Quantity>', "Quantity/@Units"),
        ('<Quantity UnitOfMeasureCode="KGM" Units="0.333">1.001</Quantity>', "Quantity"),
        (modifier("x"), "RetailPriceModifier/Amount"),
    ],
)
def test_faults_name_their_field(inside: str, field: str) -> None:
    with pytest.raises(Wrong) as caught:
        goods(inside)
    assert caught.value.field == field
