"""Failpoints: tests kill the process right before a COMMIT, or after it and before its answers.

GUICHET_FAILPOINT=committed:3 kills the process at its third commit, `committed` at its first; the other failpoint is
`before_commit`. Without the variable nothing happens.
"""

import itertools
import os
import signal

_point, _, _nth = os.environ.get("GUICHET_FAILPOINT", "").partition(":")
_counter = itertools.count(1)


def reach(point: str) -> None:
    """The writers call this around every COMMIT. SIGKILL, because nothing may clean up."""
    if point == _point and next(_counter) == int(_nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
