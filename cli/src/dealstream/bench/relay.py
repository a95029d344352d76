"""The relay from the outbox to Kafka, against a bare producer that sends the same bytes from memory."""

import json
import secrets

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.stage import Stage
from dealstream.bench.statistics import median

ROUNDS = 3


async def relay(stage: Stage, events: int) -> Outcome:
    """Both in turns in one process; the median of the rounds."""
    prefix = f"relay-{secrets.token_hex(3)}."
    await stage.topics(prefix)
    async with stage.database() as url:
        await stage.migrated("deals", stage.environment(url, prefix))
        sizes = ("--events", str(events // ROUNDS), "--rounds", str(ROUNDS))
        where = ("--kafka", stage.plan.bootstrap, "--prefix", prefix, "--database", url)
        rates = json.loads(await stage.script("relay_race.py", *where, *sizes))
    ratios = [ours / bare for ours, bare in zip(rates["relay"], rates["bare"], strict=True)]
    return Outcome(
        (Figure("relay_to_bare_producer", median(ratios), 0.7, "times"),),
        {
            "relay_events_per_second": [round(rate) for rate in rates["relay"]],
            "bare_events_per_second": [round(rate) for rate in rates["bare"]],
            "bytes_an_event": rates["bytes"],
        },
    )
