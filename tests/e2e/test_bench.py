"""A benchmark that is told to end leaves neither a server nor a folder behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from running_platform import free_ports

OWN_SERVERS = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")


def test_a_run_that_is_ended_ends_its_servers(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # PostgreSQL may run under another account
    environment = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS}
    words = ("bench", "relay", "--quick", "--port-base", str(free_ports()))
    with subprocess.Popen(
        (sys.executable, "-m", "dealstream", *words),
        env={**environment, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        said = iter(running.stderr.readline, "")
        assert any(line.startswith("relay") for line in said)
        began = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGTERM)
        running.communicate()
    assert running.returncode == 130
    assert began
    assert psutil.wait_procs(began, timeout=1)[1] == []
    assert list(tmp_path.iterdir()) == []
