"""Every metric of this library: name, type, labels, meaning.

Names follow OpenTelemetry's messaging conventions and kafka-lag-exporter where those have one. A partition is never a
label of a histogram.
"""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

OPERATION_DURATION = Histogram(
    "messaging_client_operation_duration_seconds",
    "Time of one call to the broker: a page sent and confirmed, a poll.",
    ("messaging_operation_name",),
    buckets=_SECONDS,
)
SENT = Counter(
    "messaging_client_sent_messages",
    "Messages that the broker has confirmed.",
    ("messaging_destination_name",),
)
SEND_ERRORS = Counter(
    "messaging_client_send_errors",
    "Pages that were not confirmed, by error; each is sent again with a new producer.",
    ("error_type",),
)
CONSUMED = Counter(
    "messaging_client_consumed_messages",
    "Messages received.",
    ("messaging_consumer_group_name", "messaging_destination_name"),
)
PROCESS_DURATION = Histogram(
    "messaging_process_duration_seconds",
    "Time from a batch in hand to its commit.",
    ("messaging_consumer_group_name",),
    buckets=_SECONDS,
)

OUTBOX_APPENDED = Counter(
    "outbox_appended",
    "Events written to the outbox; those of a transaction that rolls back are counted too.",
    ("messaging_destination_name",),
)
OUTBOX_OLDEST_UNPUBLISHED = Gauge(
    "outbox_oldest_unpublished_seconds",
    "Age of the oldest committed event that Kafka has not confirmed; 0 when there is none.",
    ("shard",),
)
OUTBOX_LEASE_HELD = Gauge("outbox_lease_held", "1 while this process holds the lease of the shard.", ("shard",))
OUTBOX_FUTURE_PARTITIONS = Gauge(
    "outbox_future_partitions", "Daily partitions of the outbox that exist after today; fewer than 2 is an emergency."
)
OUTBOX_QUARANTINED = Gauge("outbox_quarantined", "Events held back because Kafka refuses them or one before them.")
RELAY_LATENCY = Histogram(
    "outbox_publish_latency_seconds",
    "Time from the writing of an event to Kafka's confirmation, by the database's clock.",
    buckets=_SECONDS,
)
RELAY_ORDER_VIOLATIONS = Counter(
    "relay_order_violation", "Events sent after a later version of the same aggregate; consumers skip them."
)
RELAY_FENCED = Counter("relay_fenced", "Times a relay found its lease taken and threw its work away.")
