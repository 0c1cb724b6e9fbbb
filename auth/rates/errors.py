"""What is refused because it comes too often."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class TooManyRequests(DomainError):
    """That was too often; wait before the next try."""

    retry_after_seconds: int
