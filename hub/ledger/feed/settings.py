"""How the entries are followed."""

from pydantic import BaseModel, ConfigDict, Field


class FeedSettings(BaseModel):
    """How often lanes are looked at, how much is read at once, how long a failure is borne."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    watch_milliseconds: int = Field(
        default=250,
        ge=10,
        description="Milliseconds between two looks at the lanes while somebody follows them.",
    )
    gap_milliseconds: int = Field(
        default=20,
        ge=0,
        description="Milliseconds between two looks at least, however much is booked.",
    )
    recheck_seconds: int = Field(
        default=5,
        ge=1,
        description="Seconds after which a consumer looks for entries even if no lane moved.",
    )
    page_max: int = Field(
        default=500, ge=1, le=10_000, description="Entries that are read at once."
    )
    lanes_max: int = Field(
        default=16,
        ge=1,
        le=65,
        description="Lanes of a consumer that a worker takes at once; the others are left to more.",
    )
    effect_seconds: int = Field(
        default=30, ge=1, description="Longest time for the effect of one page of entries."
    )
    attempts_max: int = Field(
        default=10,
        ge=1,
        description="Failed attempts of one entry after which a consumer's lane is parked.",
    )
    pause_seconds: int = Field(
        default=1, ge=1, description="Pause after the first failed attempt; it doubles each time."
    )
    pause_seconds_max: int = Field(default=300, ge=1, description="The longest such pause.")
    buffer_max: int = Field(
        default=1_000,
        ge=1,
        description="Entries that wait for a reader of a subscription before it is cut off.",
    )
    catch_up_max: int = Field(
        default=100_000,
        ge=0,
        description="Entries by which a reader may be behind when it begins to follow.",
    )
    followers_max: int = Field(
        default=10_000, ge=1, description="Readers that may follow at one server."
    )
