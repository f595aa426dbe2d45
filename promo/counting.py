"""Numbers of things in the sentences that commands say, which are English."""


def counted(number: int, one: str, several: str = "") -> str:
    """`1 coupon`, `2,000 coupons`; `several` where it is more than `one` with an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def verb(number: int, one: str, several: str) -> str:
    """The verb that goes with a number of things: `was` or `were`."""
    return one if number == 1 else several
