"""``dealstream events``: the catalogue of events, their schemas, and the live stream out of Kafka."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

import typer

from dealstream.errors import PlatformError, UsageError
from dealstream.home import State
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_json_line, print_table, say

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, show and follow events, and their schemas.")


@app.command("list")
def list_events(json: JsonOption = False) -> None:
    """Every event that can happen, with its topic; needs no running platform."""
    found = [entry(kind) for kind in catalogue().values()]
    if json:
        print_json({"events": found})
    else:
        print_table(["type", "topic", "meaning"], [[kind["type"], kind["topic"], kind["meaning"]] for kind in found])


@app.command()
def schema(type_: Annotated[str, typer.Argument(metavar="TYPE")], json: JsonOption = False) -> None:  # noqa: ARG001
    """The JSON Schema of an event's data."""
    from events.schema import schema_of  # noqa: PLC0415

    print_json(schema_of(known(type_)))


@app.command()
def tail(
    type_: Annotated[list[str] | None, typer.Option("--type", help="Only this type, or types that end so.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's id.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only this record's id.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="All events kept, oldest first.")] = False,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many; 0 goes on.")] = 0,
    until_now: Annotated[bool, typer.Option("--until-now", help="Stop at the newest there was at the start.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Follow the events as they happen; with --json one object a line. Ctrl-C stops."""
    state = home_of(home).running()
    wanted = Wanted(types=type_ or [], tenant=tenant, subject=subject)
    asyncio.run(follow(stream(state, from_beginning=from_beginning, until_now=until_now), wanted, count, json=json))


@app.command()
def show(
    event_id: Annotated[str, typer.Argument(metavar="ID")], home: HomeOption = None, json: JsonOption = False
) -> None:
    """One event by its id, searched through everything kept."""
    state = home_of(home).running()
    found = asyncio.run(search(state, event_id))
    if found is None:
        raise PlatformError(
            f"There is no event {event_id}.", "List some with `./dealstream events tail --from-beginning`."
        )
    print_json(found) if json else print_fields(found)


class Wanted:
    """Which records of the stream to print."""

    def __init__(self, *, types: list[str], tenant: str | None = None, subject: str | None = None) -> None:
        self._types = tuple(types)
        self._tenant = tenant
        self._subject = subject

    def takes(self, record: dict[str, Any]) -> bool:
        if self._types and not any(matches(record["type"], wanted) for wanted in self._types):
            return False
        return self._tenant in {None, record["tenant"]} and self._subject in {None, record["subject"]}


def matches(type_: str, wanted: str) -> bool:
    return type_ == wanted or type_.endswith(f".{wanted}") or f".{wanted}." in f"{type_}."


async def follow(records: AsyncIterator[dict[str, Any]], wanted: Wanted, count: int, *, json: bool) -> None:
    printed = 0
    async for record in records:
        if wanted.takes(record):
            print_json_line(record) if json else print_line(record)
            printed += 1
            if printed == count:
                return


async def search(state: State, event_id: str) -> dict[str, Any] | None:
    async for record in stream(state, from_beginning=True, until_now=True):
        if record["id"] == event_id:
            return record
    return None


async def stream(state: State, *, from_beginning: bool, until_now: bool) -> AsyncIterator[dict[str, Any]]:
    """Every record of every topic as a JSON object; nothing is committed anywhere."""
    from events.kafka import KafkaConsumer  # noqa: PLC0415
    from events.topics import TOPICS  # noqa: PLC0415

    settings = kafka_settings(state)
    consumer = KafkaConsumer(settings)
    await consumer.start()
    try:
        partitions = await existing(settings, [topic.name for topic in TOPICS])
        consumer.assign(partitions)
        first, last = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        begin = first if from_beginning else last
        for partition, offset in begin.items():
            consumer.seek(partition, offset)
        unread = {partition for partition in partitions if begin[partition] < last[partition]}
        while unread or not until_now:
            polled = await consumer.poll(timeout_seconds=0.5)
            for received in sorted((one for many in polled.values() for one in many), key=lambda one: one.timestamp_ms):
                yield as_object(received)
            unread -= {place for place in polled if await consumer.position(place) >= last[place]}
    finally:
        await consumer.stop()


async def existing(settings: Any, topics: list[str]) -> Any:
    from events.kafka import KafkaAdmin  # noqa: PLC0415

    async with KafkaAdmin(settings) as admin:
        return await admin.partitions(topics)


def kafka_settings(state: State) -> Any:
    import os  # noqa: PLC0415

    from events.kafka import KafkaSettings  # noqa: PLC0415

    told = state.kafka_settings
    return KafkaSettings(
        bootstrap_servers=state.kafka,
        security_protocol=cast("Any", told.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")),
        sasl_mechanism=told.get("KAFKA_SASL_MECHANISM", "PLAIN"),
        sasl_username=told.get("KAFKA_SASL_USERNAME"),
        sasl_password=os.environ.get("KAFKA_SASL_PASSWORD"),
        ssl_cafile=told.get("KAFKA_SSL_CAFILE"),
        topic_prefix=os.environ.get("DEALSTREAM_TOPIC_PREFIX", ""),
    )


def as_object(received: Any) -> dict[str, Any]:
    """The record as it stands in Kafka, also when no catalogue knows it."""
    import json  # noqa: PLC0415

    headers = {name: value.decode("utf-8", "replace") for name, value in received.headers}
    key = (received.key or b"").decode("utf-8", "replace")
    try:
        data = json.loads(received.value) if received.value is not None else None
    except ValueError:
        data = received.value.decode("utf-8", "replace")
    return {
        "id": headers.get("ce_id", ""),
        "type": headers.get("ce_type", ""),
        "time": headers.get("ce_time", ""),
        "tenant": headers.get("ce_tenantid", key.partition(":")[0]),
        "subject": headers.get("ce_subject", key.partition(":")[2]),
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "headers": headers,
        "data": data,
    }


def print_line(record: dict[str, Any]) -> None:
    place = f"{record['topic']}/{record['partition']}@{record['offset']}"
    print(f"{record['time']}  {record['type']:<44} {record['subject']}  {place}", flush=True)


def print_fields(record: dict[str, Any]) -> None:
    for name in ("id", "type", "time", "tenant", "subject", "topic", "partition", "offset"):
        print(f"{name:>10}  {record[name]}")
    print_json_line(record["data"])


def entry(kind: Any) -> dict[str, str]:
    meaning = (kind.__doc__ or "").strip().split("\n", maxsplit=1)[0]
    return {"type": kind.type, "topic": kind.topic.name, "meaning": meaning}


def known(type_: str) -> Any:
    found = catalogue()
    candidates = [name for name in found if name == type_ or matches(name, type_)]
    if len(candidates) == 1:
        return found[candidates[0]]
    say("\n".join(candidates))
    raise UsageError(f"{len(candidates)} events are called {type_}.", "See `./dealstream events list`.")


def catalogue() -> dict[str, Any]:
    import events.catalogue  # noqa: F401, PLC0415
    from events.event import REGISTRY  # noqa: PLC0415

    return dict(sorted(REGISTRY.items()))
