"""POSLog files: made-up sales written as tills write them, and damaged in every way."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from promo.scans.gtin import check_digit

NAMESPACE = "http://www.nrf-arts.org/IXRetail/namespace/"
DAY = date(2017, 11, 6)
STORES, CARDS = ("1", "2", "3"), 5_000
WORDS = ("Organic whole milk", "Sourdough loaf", "Ground coffee, dark", "Bananas", "Cat food")


def gtin(number: int) -> str:
    """A sound GTIN-13."""
    body = f"{614141000000 + number:012d}"
    return body + check_digit(body)


@dataclass(frozen=True)
class Size:
    """How many products there are, and lines in a transaction at most."""

    products: int = 5_000
    lines: int = 30


def write(path: Path, least: int, seed: int = 1, size: Size = Size()) -> dict[str, int]:
    """A pretty-printed file of at least so many bytes; returns the sums of what is sold in it."""
    chance = random.Random(seed)
    codes = [gtin(number) for number in range(size.products)]
    sums = {"lines": 0, "paid": 0, "regular": 0, "quantity": 0}
    at = datetime.combine(DAY, datetime.min.time()) + timedelta(hours=7)
    with path.open("w", encoding="utf-8") as file:
        written = file.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<POSLog xmlns="{NAMESPACE}" '
            'MajorVersion="6" MinorVersion="0" FixVersion="0">\n'
        )
        number = 0
        while written < least:
            number += 1
            moment = at + timedelta(seconds=number % 43_200)
            written += file.write(_transaction(chance, codes, number, moment, size.lines, sums))
        file.write("</POSLog>\n")
    return sums


def _transaction(
    chance: random.Random, codes: list[str], number: int, at: datetime, most: int,
    sums: dict[str, int],
) -> str:  # fmt: skip
    lines = [_line(chance, codes, n, at, sums) for n in range(1, chance.randint(2, most))]
    total = sums["paid"]
    return f"""  <Transaction CancelFlag="false" TrainingModeFlag="false" OfflineFlag="false">
    <RetailStoreID>{chance.choice(STORES)}</RetailStoreID>
    <WorkstationID>{number % 12 + 1}</WorkstationID>
    <TillID>{number % 12 + 1}</TillID>
    <SequenceNumber>{number}</SequenceNumber>
    <BusinessDayDate>{DAY}</BusinessDayDate>
    <BeginDateTime>{at.isoformat()}</BeginDateTime>
    <EndDateTime>{at.isoformat()}</EndDateTime>
    <OperatorID OperatorName="Till">17</OperatorID>
    <CurrencyCode>USD</CurrencyCode>
    <RetailTransaction TransactionStatus="Finished">
{"".join(lines)}      <LineItem>
        <SequenceNumber>{len(lines) + 1}</SequenceNumber>
        <Tender TenderType="CreditDebit" TypeCode="Sale">
          <Amount Currency="USD">{total / 100:.2f}</Amount>
        </Tender>
      </LineItem>
      <Total TotalType="TransactionGrandAmount">{total / 100:.2f}</Total>
      <LoyaltyAccount>
        <LoyaltyProgram>
          <LoyaltyAccountID>{chance.randrange(CARDS) + 100_000}</LoyaltyAccountID>
        </LoyaltyProgram>
      </LoyaltyAccount>
    </RetailTransaction>
  </Transaction>
"""


def _line(
    chance: random.Random, codes: list[str], number: int, at: datetime, sums: dict[str, int]
) -> str:
    pieces, price = chance.choice((1, 1, 1, 2, 3)), chance.randrange(49, 1999)
    off = chance.randrange(1, 40) if not chance.randrange(5) else 0
    paid = pieces * price - off
    sums["lines"] += 1
    sums["quantity"] += pieces * 1000
    sums["paid"] += paid
    sums["regular"] += pieces * price
    modifier = f"""          <RetailPriceModifier MethodCode="Promotion">
            <SequenceNumber>1</SequenceNumber>
            <Amount Action="Subtract">{off / 100:.2f}</Amount>
            <PromotionID>PR-{off:04d}</PromotionID>
          </RetailPriceModifier>
""" if off else ""  # fmt: skip
    return f"""      <LineItem EntryMethod="Scanned" VoidFlag="false">
        <SequenceNumber>{number}</SequenceNumber>
        <BeginDateTime>{at.isoformat()}</BeginDateTime>
        <EndDateTime>{at.isoformat()}</EndDateTime>
        <Sale ItemType="Stock" TaxableFlag="true">
          <POSIdentity POSIDType="GTIN">
            <POSItemID>{chance.choice(codes)}</POSItemID>
          </POSIdentity>
          <ItemID>{number + 70000}</ItemID>
          <MerchandiseHierarchy Level="Department">17</MerchandiseHierarchy>
          <Description>{chance.choice(WORDS)}</Description>
          <RegularSalesUnitPrice Currency="USD">{price / 100:.2f}</RegularSalesUnitPrice>
          <ActualSalesUnitPrice Currency="USD">{price / 100:.2f}</ActualSalesUnitPrice>
          <ExtendedAmount Currency="USD">{paid / 100:.2f}</ExtendedAmount>
          <Quantity UnitOfMeasureCode="EA" Units="1">{pieces}</Quantity>
{modifier}          <Tax TaxType="Sales" TypeCode="Sale">
            <SequenceNumber>1</SequenceNumber>
            <TaxableAmount TaxIncludedInTaxableAmountFlag="false">{paid / 100:.2f}</TaxableAmount>
            <Amount>{paid // 20 / 100:.2f}</Amount>
            <Percent>5.00</Percent>
            <TaxGroupID>1</TaxGroupID>
          </Tax>
        </Sale>
      </LineItem>
"""
