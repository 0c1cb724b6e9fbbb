"""What a client can read, out of its Accept header, and which of it we send.

Source: RFC 9110 12.5.1; GraphQL over HTTP; the audits 47DE and 80D8 of `graphql-http`, which want
application/json for a client that does not care.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MediaType(StrEnum):
    """What an answer may be written in; clients that do not care get the first."""

    JSON = "application/json"
    GRAPHQL_JSON = "application/graphql-response+json"
    EVENT_STREAM = "text/event-stream"
    MULTIPART = "multipart/mixed"

    @property
    def is_stream(self) -> bool:
        """Whether more than one result fits in it."""
        return self in {MediaType.EVENT_STREAM, MediaType.MULTIPART}


_PIECE: Final = re.compile(r'(?:[^,;"]|"(?:[^"\\]|\\.)*")+|[,;]')
_QUALITY: Final = re.compile(r"(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
FULL_QUALITY: Final = 1000
HEADER_CHARACTERS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Range:
    """One range of an Accept header; `quality` in thousandths."""

    main: str
    sub: str
    quality: int
    place: int

    def covers(self, media_type: MediaType) -> bool:
        """Whether the type lies in the range."""
        main, _, sub = media_type.partition("/")
        return self.main in (main, "*") and self.sub in (sub, "*")

    @property
    def narrowness(self) -> int:
        """How specific it is: the narrowest range that covers a type decides about it."""
        return (self.main != "*") + (self.sub != "*")


def read_accept(header: str | None) -> list[Range]:
    """Read an Accept header; what is not understood of it is left out."""
    if header is None or not header.strip():
        return [Range("*", "*", FULL_QUALITY, 0)]
    ranges: list[Range] = []
    parts: list[str] = []
    for piece in [*_PIECE.findall(header[:HEADER_CHARACTERS_MAX]), ","]:
        if piece == ",":
            found = _read_range(parts, len(ranges))
            ranges += [found] if found else []
            parts = []
        elif piece != ";":
            parts.append(piece.strip())
    return ranges


def _read_range(parts: Sequence[str], place: int) -> Range | None:
    if not parts:
        return None
    main, slash, sub = parts[0].lower().partition("/")
    quality = FULL_QUALITY
    for part in parts[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "q":
            quality = _read_quality(value.strip())
    return Range(main.strip(), sub.strip(), quality, place) if slash else None


def _read_quality(text: str) -> int:
    """Read a quality in thousandths; one that is none counts as 0."""
    if not _QUALITY.fullmatch(text):
        return 0
    whole, _, thousandths = text.partition(".")
    return int(whole) * FULL_QUALITY + int((thousandths or "0").ljust(3, "0"))


def rank(ranges: Sequence[Range]) -> list[MediaType]:
    """List the types that may be sent, the one that the client likes best first.

    The quality decides, then the order in the header, then our own order.
    """
    ranked: list[tuple[int, int, int, MediaType]] = []
    for own_place, media_type in enumerate(MediaType):
        covering = [each for each in ranges if each.covers(media_type)]
        if covering:
            decisive = max(covering, key=lambda each: (each.narrowness, -each.place))
            if decisive.quality > 0:
                ranked.append((-decisive.quality, decisive.place, own_place, media_type))
    return [media_type for *_, media_type in sorted(ranked)]


def choose_single(accepted: Sequence[MediaType]) -> MediaType | None:
    """Choose how to send one result: what the client likes best, be it a stream."""
    return accepted[0] if accepted else None


def choose_stream(accepted: Sequence[MediaType]) -> MediaType | None:
    """Choose how to send many results."""
    return next((media_type for media_type in accepted if media_type.is_stream), None)


def choose_document(accepted: Sequence[MediaType]) -> MediaType:
    """Choose how to tell what is wrong with a request; plain JSON when nothing suits."""
    for media_type in accepted:
        if not media_type.is_stream:
            return media_type
    return MediaType.JSON
