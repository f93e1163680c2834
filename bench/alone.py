"""Run a command from a small process, and write what it cost as one line: CPU seconds, wall seconds, peak in MB.

Linux takes what the process holds that begins another for a part of that one's peak: a benchmark that has grown would
measure itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(report: int, command: list[str]) -> int:
    """Write the cost into the file descriptor `report`; the command's own code."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = (usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024)
    os.write(report, json.dumps(cost).encode())
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
