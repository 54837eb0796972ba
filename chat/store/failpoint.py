"""A place to die on purpose, for tests: right after a COMMIT and before its answers, or right before it.

GUICHET_FAILPOINT=committed:3 kills the process at its third commit, `committed` at its first; the other place
is `before_commit`. Without the variable nothing here does anything.
"""

import itertools
import os
import signal

_place, _, _nth = os.environ.get("GUICHET_FAILPOINT", "").partition(":")
_counter = itertools.count(1)


def reach(place: str) -> None:
    """Called by the writers around every COMMIT; SIGKILL, so that nothing gets a chance to tidy up."""
    if place == _place and next(_counter) == int(_nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
