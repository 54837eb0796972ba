"""The lock of a DATA_DIR: one process owns it, and a second one learns the owner's pid."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirLocked(Exception):
    """Another process owns this DATA_DIR; `pid` is its pid, None in the instant before it is written."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        super().__init__(f"{data_dir} is in use by process {pid or 'unknown'}")
        self.pid = pid


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Own `data_dir` (created if missing) inside the block; raises DataDirLocked at once.

    The kernel releases the lock when the process ends, however it ends. The file stays: if it were removed, two
    processes could lock two files.
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
