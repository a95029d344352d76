"""``python -m dealstream.supervise``: the process behind a detached platform, which talks to a log."""

import argparse
import asyncio
import sys
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

from dealstream import lifecycle
from dealstream.errors import PlatformError
from dealstream.home import Home
from dealstream.platform import Firm, plan_from_environment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port-base", type=int, required=True)
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--firm", nargs=3, default=astuple(Firm()))
    chosen = parser.parse_args()
    also, firm = tuple(chosen.also), Firm(*chosen.firm)
    plan = plan_from_environment(Home(chosen.home), chosen.port_base, also=also, firm=firm)
    try:
        asyncio.run(lifecycle.run(plan, log, lambda _: log("platform", "ready")))
    except PlatformError as error:
        log("platform", str(error))
        return error.exit_code
    return 0


def log(name: str, text: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {name}: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
