"""A list code as the characters of a GS1-128 symbol (ISO/IEC 15417), without the way through zint.

A list code has one shape, so there is nothing to choose: set C, two digits to a character, and set
B for the last digit, which is left over. `tests/lists/codes/test_barcode.py` holds it against zint.
"""

# Widths of bars and spaces in turn, in modules, by value; the last is the stop.
_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112"
)
WIDTHS = tuple(_TABLE.split())
START_C, FNC1, SET_B, STOP = 105, 102, 100, 106
PAIRS = {f"{value:02}": value for value in range(100)}


def characters(code: str) -> list[int]:
    """The values of a list code's characters, from start to stop; `code` is 33 digits."""
    pairs = [PAIRS[code[at : at + 2]] for at in range(0, 32, 2)]
    found = [START_C, FNC1, *pairs, SET_B, ord(code[32]) - ord(" ")]
    check = START_C + sum([place * value for place, value in enumerate(found)])
    return [*found, check % 103, STOP]


def modules(characters: list[int]) -> int:
    """The symbol's width without its quiet zones: 11 modules a character, 13 for the stop."""
    return 11 * len(characters) + 2
