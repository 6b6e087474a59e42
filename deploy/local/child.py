"""Becomes a server that dies with whoever started it: `python -I -S child.py SIGNAL PARENT UID GID COMMAND...`

A process in between, not `preexec_fn`: that runs Python between fork and exec of a program with threads, which can
hang, and newer Pythons warn of it. Standard library only, for it starts before any package is looked for.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to the given user (-1: stay), ask the kernel for SIGNAL when the parent ends, become the command."""
    ending, parent, uid, gid = (int(text) for text in arguments[:4])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which clears it. The kernel watches the thread that started us, so that must live on.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, ending, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)
    os.execvp(arguments[4], arguments[4:])  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
