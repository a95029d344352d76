"""Asks for a rebuild of the ledger, as the endpoint does, in a database whose analytics process runs.

python tests/bench/request_rebuild.py --database URL
"""

import argparse
import asyncio

import asyncpg

from analytics.ledger import rebuild_store
from events.ids import uuid7


async def request(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str((await rebuild_store.request(connection, uuid7(), "bench")).id)
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    print(asyncio.run(request(parser.parse_args().database)))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
