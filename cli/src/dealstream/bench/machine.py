"""The machine that figures were taken on, in a few words and as data."""

import os
import platform
from pathlib import Path
from typing import Any

import psutil


def described() -> dict[str, Any]:
    """Without names of host or user."""
    return {
        "processor": processor(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": load(),
    }


def load() -> float:
    """Programs that wanted a core during the last minute; above the number of cores figures suffer."""
    return round(os.getloadavg()[0], 1)


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
