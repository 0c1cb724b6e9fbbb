"""The schema: every root field by name, nothing found by magic."""

from typing import Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.limits import DOCUMENTS_CACHED_MAX, RULES, TOKENS_MAX, ExecutionStage
from schema.mutations.issue import issue_points, reverse_issue
from schema.mutations.members import enrol_member, link_account
from schema.mutations.memberships import cancel_membership, sell_membership
from schema.mutations.redeem import (
    cash_out_points,
    donate_points,
    redeem_points,
    refund_points,
)
from schema.mutations.settlement import close_window, post_adjustment
from schema.mutations.transfer import sweep_expiry, transfer_points
from schema.queries.coalition import coalition, partner, partners
from schema.queries.identity import node, nodes, viewer
from schema.queries.members import entry, member, wallet
from schema.queries.settlement import settlement_window, settlement_windows
from schema.refusals import TYPES
from schema.scalars import SCALARS


@strawberry.type(description="What can be read. What is not for you reads like what is not there.")
class Query:
    """What can be read."""

    viewer = viewer
    node = node
    nodes = nodes
    coalition = coalition
    partner = partner
    partners = partners
    member = member
    wallet = wallet
    entry = entry
    settlement_window = settlement_window
    settlement_windows = settlement_windows


@strawberry.type(
    description="What can be done. Each takes one input with an idempotency key, and answers what"
    " it made or why it refused."
)
class Mutation:
    """What can be done."""

    issue_points = issue_points
    redeem_points = redeem_points
    cash_out_points = cash_out_points
    donate_points = donate_points
    refund_points = refund_points
    reverse_issue = reverse_issue
    transfer_points = transfer_points
    sweep_expiry = sweep_expiry
    enrol_member = enrol_member
    link_account = link_account
    sell_membership = sell_membership
    cancel_membership = cancel_membership
    post_adjustment = post_adjustment
    close_window = close_window


class HubSchema(strawberry.Schema):
    """A schema that leaves errors to `schema.faults`, which knows what is worth a log line."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: a client's mistake is no error of ours."""


def _make_schema() -> HubSchema:
    extensions: list[Any] = [
        lambda: MaxTokensLimiter(max_token_count=TOKENS_MAX),
        lambda: AddValidationRules(RULES),
        lambda: ParserCache(maxsize=DOCUMENTS_CACHED_MAX),
        lambda: ValidationCache(maxsize=DOCUMENTS_CACHED_MAX),
        ExecutionStage,
    ]
    return HubSchema(
        query=Query,
        mutation=Mutation,
        types=list(TYPES.values()),
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


SCHEMA: Final = _make_schema()
"""One per process: the rules and the caches are made once."""
