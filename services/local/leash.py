"""Run a command that dies with its parent: `python leash.py PARENT SIGNAL COMMAND...`.

Linux sends SIGNAL when the parent is gone, however it went; the mark survives the exec, so it
holds Java and Go programs as well. Elsewhere the pid file of the supervisor has to do.
Runs with a bare interpreter (-I -S): imports nothing of ours.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, signal_number: str, *command: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # the parent died before the mark was set
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
