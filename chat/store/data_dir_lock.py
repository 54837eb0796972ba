"""One process owns a DATA_DIR: a second one is told who."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirLocked(Exception):
    """Another process holds this DATA_DIR; `pid` is its number, None in the instant before it is written."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        super().__init__(f"{data_dir} is in use by process {pid or 'unknown'}")
        self.pid = pid


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Owns `data_dir` (made if missing) inside the block, else raises Locked at once.

    The kernel lets go when the process ends, however it ends. The file stays: removing it would let two in.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DataDirLocked(data_dir, int(file.read() or 0) or None) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
