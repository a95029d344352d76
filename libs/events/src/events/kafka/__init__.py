"""The one seam around the Kafka client: nothing else in the platform imports it.

Topics are named here without the prefix of the installation. Every call has a deadline, every stop is bounded, and a
producer that has met an error is thrown away, never mended.
"""

from events.kafka.admin import KafkaAdmin
from events.kafka.consumer import KafkaConsumer, PositionLost
from events.kafka.producer import KafkaProducer, Outgoing
from events.kafka.settings import KafkaSettings
from events.partition import Partition

__all__ = ["KafkaAdmin", "KafkaConsumer", "KafkaProducer", "KafkaSettings", "Outgoing", "Partition", "PositionLost"]
