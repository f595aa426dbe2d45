"""Functions turned into machine code: by numba, once, and kept on disk beside the modules."""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The same function in machine code. It holds no lock, so threads run it side by side.

    Sums keep the order in which they are written: no flag that lets the compiler reorder is set,
    so the same input gives the same bytes. Numba looks only at a function's own file to see
    whether what it kept is still good, but code of other files is built in: so each state of all
    compiled sources keeps its own.
    """
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = before or _folder()
    options: Any = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # nowhere may anything be kept: then it is compiled every time
        return cast(Function, numba.njit(**options)(function))
    finally:
        config.CACHE_DIR = before


def owned(column: NDArray[Any], kind: type[Any]) -> NDArray[Any]:
    """A column as compiled functions know it: of a kind, in one piece, writable; copied if need be.

    To numba a read-only column, such as frames lend, is of another type, for which it would compile
    everything once more.
    """
    return np.require(column, kind, ["C", "W"])


@cache
def _folder() -> str:
    """Where the machine code of this state of the sources is kept; empty: numba finds a place."""
    here = Path(__file__).parent
    state = hashlib.sha256()
    for source in (path.read_bytes() for path in sorted(here.glob("*.py"))):
        if b"@compiled" in source or b"@njit" in source:
            state.update(source)
    kept = here / "__pycache__"
    writable = os.access(kept if kept.exists() else here, os.W_OK)
    return str(kept / f"numba-{state.hexdigest()[:12]}") if writable else ""
