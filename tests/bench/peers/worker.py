"""What the bench says to a worker, and what it wants to hear."""

import sys


def work(move):
    print("ready", flush=True)
    sys.stdin.readline()
    move()
    print("done", flush=True)
    # The bench looks at this process's memory now.
    sys.stdin.readline()
