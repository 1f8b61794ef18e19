#!/usr/bin/env python3
"""Each line that a command prints, with the time at which it came. Ends with the command.

    stamp_lines.py COMMAND…
"""
import subprocess
import sys
import time

with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as command:
    for line in command.stdout:
        print(time.time(), line, end="", flush=True)
sys.exit(f"{sys.argv[1]} has ended: {command.returncode}")
