"""Places at which the tests stop a process dead, to prove that nothing is lost. Nothing at all unless asked for."""

import os
import signal
from collections.abc import Callable


def _make() -> Callable[[str], None]:
    wanted = os.environ.get("TANDEM_FAILPOINT", "")
    if not wanted:
        return lambda name: None
    # "rollup.after_compute", or "rollup.after_compute=STOP" for a process that freezes and may be woken again.
    place, _, how = wanted.partition("=")

    def stop_here(name: str) -> None:
        if name == place:
            os.kill(os.getpid(), signal.SIGSTOP if how == "STOP" else signal.SIGKILL)

    return stop_here


failpoint = _make()
