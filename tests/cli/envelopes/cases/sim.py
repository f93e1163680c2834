from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def said(place: Path) -> Any:
    command = [sys.executable, "-m", "rushes", "sim", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=place) as serving:
        assert serving.stdout is not None
        line = serving.stdout.readline()
        serving.terminate()
    return json.loads(line)
