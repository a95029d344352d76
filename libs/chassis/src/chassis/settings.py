"""Settings of a service: environment variables only, read once, wrong ones named at the start.

Everything of ours is prefixed ``DEALSTREAM_``; the addresses that hosting platforms hand out keep their usual names
(``DATABASE_URL``, ``KAFKA_BOOTSTRAP_SERVERS``). A secret may be given as a file: ``DEALSTREAM_CURSOR_SECRET_FILE``.
A variable with our prefix that nobody reads is an error, because a typing mistake must not become a default.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from events.kafka import KafkaSettings

PREFIX = "DEALSTREAM_"
MOST_RELAY_SHARDS = 32
OF_TESTS = "DEALSTREAM_TEST_"
"""Variables for the test suite; a service passes over them."""


class WrongSettings(Exception):
    """The environment does not describe a service that can start; the message says what to change."""


class Settings(BaseSettings):
    """What every service can be told. A service subclasses it to add its own."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    """PostgreSQL database of this service, ``postgresql://user:password@host:port/name``."""
    kafka_bootstrap_servers: str = Field(default="127.0.0.1:9092", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """Where the Kafka cluster is found: ``host:port``, several with commas."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", validation_alias="KAFKA_SECURITY_PROTOCOL"
    )
    """How to speak to Kafka."""
    kafka_sasl_mechanism: str = Field(default="PLAIN", validation_alias="KAFKA_SASL_MECHANISM")
    """How to sign in to Kafka with a SASL protocol: ``PLAIN``, ``SCRAM-SHA-256``, ``SCRAM-SHA-512``."""
    kafka_sasl_username: str | None = Field(default=None, validation_alias="KAFKA_SASL_USERNAME")
    """User at Kafka."""
    kafka_sasl_password: SecretStr | None = Field(default=None, validation_alias="KAFKA_SASL_PASSWORD")
    """Its password."""
    kafka_ssl_cafile: str | None = Field(default=None, validation_alias="KAFKA_SSL_CAFILE")
    """File with the authorities that sign Kafka's certificates; absent: those of the system."""

    host: str = "127.0.0.1"
    """Address to listen on; ``0.0.0.0`` in a container."""
    port: int = Field(default=8700, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    topic_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]{0,100}$")
    """Put before each topic and consumer group, so that several platforms share one cluster."""
    topic_partitions: int = Field(default=12, ge=1, le=1_000)
    """Partitions of topics that the service makes; those that are there stay as they are."""
    topic_replication: int = Field(default=1, ge=1, le=9)
    """Replicas of topics that the service makes; 3 on a cluster."""
    identity_url: str = "http://127.0.0.1:8701"
    """Where the public keys of tokens are read: ``<identity_url>/.well-known/jwks.json``."""
    cursor_secret: SecretStr = SecretStr("")
    """Signs page cursors; the same for all processes of a service. Empty: derived from the database address."""
    log_format: Literal["json", "text"] = "json"
    """Lines for machines or for people."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is written."""
    pool_size: int = Field(default=16, ge=2, le=500)
    """Connections to PostgreSQL, shared by API, relay and consumers of the process."""
    relay_shards: int = Field(default=1, ge=1, le=MOST_RELAY_SHARDS)
    """Relays that share the outbox; each that leads takes 3 connections. Another number needs ``relay reshard N``."""
    shutdown_seconds: float = Field(default=20.0, ge=1, le=600)
    """After SIGTERM, how long batches and requests may take to finish before the process leaves anyway."""
    migrate: bool = True
    """Apply outstanding migrations before starting."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment or raise ``WrongSettings``, whose message names each variable at fault."""
        cls._refuse_unknown(os.environ)
        try:
            return cls()
        except ValidationError as error:
            raise WrongSettings("\n".join(_complaint(cls, each) for each in error.errors())) from error
        except OSError as error:
            raise WrongSettings(f"cannot read {error.filename}: {error.strerror}") from error

    @classmethod
    def variables(cls) -> dict[str, str]:
        """The environment variable of each field."""
        return {name: _variable(name, field) for name, field in cls.model_fields.items()}

    @property
    def kafka(self) -> KafkaSettings:
        password = self.kafka_sasl_password
        return KafkaSettings(
            bootstrap_servers=self.kafka_bootstrap_servers,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=password.get_secret_value() if password else None,
            ssl_cafile=self.kafka_ssl_cafile,
            topic_prefix=self.topic_prefix,
            partitions=self.topic_partitions,
            replication_factor=self.topic_replication,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FromFiles(settings_cls)

    @classmethod
    def _refuse_unknown(cls, names: Mapping[str, str]) -> None:
        known = {variable for name in cls.variables().values() for variable in (name, f"{name}_FILE")}
        for name in sorted(names):
            if name.startswith(PREFIX) and not name.startswith(OF_TESTS) and name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0)
                raise WrongSettings(f"{name} is not a setting of this service; did you mean {near[0]}?")


class _FromFiles(PydanticBaseSettingsSource):
    """Reads ``X`` from the file that ``X_FILE`` names, without the line end that editors add."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{_variable(field_name, field)}_FILE")
        key = field.validation_alias if isinstance(field.validation_alias, str) else field_name
        return (None if path is None else Path(path).read_text("utf-8").rstrip("\r\n")), key, False

    def __call__(self) -> dict[str, Any]:
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {key: value for value, key, _ in found if value is not None}


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{name.upper()}"


def _complaint(settings: type[Settings], error: Any) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    variable = settings.variables().get(name, name)
    return f"{variable}: {error['msg'][0].lower()}{error['msg'][1:]}"
