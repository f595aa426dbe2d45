"""Functions turned into machine code: by numba, once, and kept on disk beside the module."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The same function in machine code. It holds no lock, so threads run it side by side.

    Sums keep the order in which they are written: no flag that lets the compiler reorder is set,
    so the same input gives the same bytes.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
