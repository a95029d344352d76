"""Puts a stream of deal events into Kafka, as deals would: the opening of each deal of a stock, then their histories.

python tests/bench/produce_deals.py --kafka 127.0.0.1:9092 --prefix p. --aggregates 5000 --events 60000
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from deal_stream import DealStream

from events.codec import Received
from events.kafka import KafkaProducer, KafkaSettings, Outgoing

PAGE = 5_000


async def produce(settings: KafkaSettings, records: Iterable[Received]) -> int:
    sent = 0
    async with KafkaProducer(settings) as producer:
        for page in _pages(records):
            await producer.publish(page, 60)
            sent += len(page)
    return sent


def _pages(records: Iterable[Received]) -> Iterator[list[Outgoing]]:
    rest = iter(records)
    while page := [_outgoing(record) for record in islice(rest, PAGE)]:
        yield page


def _outgoing(record: Received) -> Outgoing:
    if record.key is None:
        raise ValueError(record)
    return Outgoing(record.topic, record.key, record.value, list(record.headers), 1_767_600_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--aggregates", type=int, default=5_000)
    parser.add_argument("--events", type=int, default=60_000)
    arguments = parser.parse_args()
    settings = KafkaSettings(bootstrap_servers=arguments.kafka, topic_prefix=arguments.prefix)
    stream = DealStream(arguments.aggregates)
    sent = asyncio.run(produce(settings, chain(stream.stock(), stream.events(arguments.events))))
    print(sent)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
