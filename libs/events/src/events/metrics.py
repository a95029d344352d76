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
    "Time from the writing of an event to Kafka's confirmation; it includes the difference of the two hosts' clocks.",
    buckets=_SECONDS,
)
RELAY_ORDER_VIOLATIONS = Counter(
    "relay_order_violation", "Events sent after a later version of the same aggregate; consumers skip them."
)
RELAY_FENCED = Counter("relay_fenced", "Times a relay found its lease taken and threw its work away.")

GROUP_LAG = Gauge(
    "kafka_consumergroup_group_lag",
    "Records between the group's position in the database and the end of the log.",
    ("group", "topic", "partition"),
)
GROUP_LAG_SECONDS = Gauge(
    "kafka_consumergroup_group_lag_seconds",
    "Age of the next record to be handled; 0 at the end of the log.",
    ("group", "topic", "partition"),
)
CONSUMER_STOPPED = Gauge(
    "consumer_stopped_partitions", "Partitions that wait for an operator; any is an alarm.", ("group",)
)
CONSUMER_READY = Gauge("consumer_ready", "1 while every assigned partition flows.", ("group",))
CONSUMER_RETRIES = Counter(
    "consumer_retries", "Batches rolled back for a passing reason, to be tried again.", ("group", "error_type")
)
CONSUMER_FENCED = Counter(
    "consumer_fenced", "Batches rolled back because another consumer had moved the partition on.", ("group",)
)
CONSUMER_SKIPPED = Counter(
    "consumer_skipped", "Records that needed no handling: duplicates and types unknown here.", ("group", "reason")
)
CONSUMER_RECREATED = Counter(
    "consumer_recreated", "Times the watchdog replaced a Kafka client that had gone silent.", ("group",)
)
CONSUMER_REBALANCES = Counter("consumer_rebalances", "Assignments received from the group.", ("group",))
DEAD_LETTERED = Counter(
    "dead_lettered",
    "Records parked, by reason; diverged and foreign-tenant are alarms.",
    ("group", "topic", "reason"),
)
DLQ_DEPTH = Gauge("dlq_depth", "Records that wait as dead letters.", ("group", "topic"))
DLQ_OLDEST = Gauge("dlq_oldest_seconds", "How long the oldest dead letter has waited.", ("group", "topic"))
SEQUENCES_BLOCKED = Gauge("sequences_blocked", "Sequences that wait, by reason.", ("group", "reason"))
SEQUENCES_BLOCKED_OLDEST = Gauge(
    "sequences_blocked_oldest_seconds",
    "How long the oldest of them has waited; a gap of more than 60 is an alarm.",
    ("group", "reason"),
)
EVENTLOOP_LAG = Gauge("eventloop_lag_seconds", "How late the event loop ran a timer that was due.")
