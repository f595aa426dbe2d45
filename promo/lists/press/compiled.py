"""Templates as they were compiled last: a command begins anew each time, and compiling is slow."""

from contextlib import suppress
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

# Count up when the options of `render.Renderer`'s environments change: they are compiled in.
NAME = "template-2-%s.cache"


class Compiled(FileSystemBytecodeCache):
    """Compiled templates in a folder, each with the sum of its source, by which it is known again.

    A folder that cannot be read or written costs time, and nothing else.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), NAME)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, complete or not at all."""
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template, if it is there, whole and made of the same source."""
        with suppress(OSError):
            super().load_bytecode(bucket)
