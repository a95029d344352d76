"""If-Match and If-None-Match: an ETag is the version of an aggregate in quotes."""

import re
from dataclasses import dataclass

from chassis.refusals import Malformed, StaleVersion

_TAGS = re.compile(r'^\s*(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*\s*$')
_STRONG = re.compile(r'(W/)?"([^"]*)"')


def etag(version: int) -> str:
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that the caller accepts; None for ``*``."""

    tags: frozenset[str] | None

    @classmethod
    def parse(cls, header: str) -> "IfMatch":
        if header.strip() == "*":
            return AnyVersion
        if not _TAGS.match(header):
            raise Malformed('If-Match must be an ETag in quotes, as "7", or *.', pointer="/If-Match")
        return cls(frozenset(tag for weak, tag in _STRONG.findall(header) if not weak))

    def check(self, version: int) -> None:
        if self.tags is not None and str(version) not in self.tags:
            raise StaleVersion(current_version=version)


AnyVersion = IfMatch(None)


def none_match(header: str | None, version: int | str) -> bool:
    """Whether the caller's copy is still good, so that 304 answers; weak comparison, as RFC 9110 has it here."""
    if header is None:
        return False
    return header.strip() == "*" or any(tag == str(version) for _, tag in _STRONG.findall(header))
