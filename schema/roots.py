"""The schema: every root field by name, nothing found by magic."""

from collections.abc import Iterable
from typing import Final

import strawberry
from graphql import GraphQLError, GraphQLNamedType
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.directives import mark_choices, mark_schema
from schema.federation import FEDERATION_VERSION, REPRESENTATION, SubgraphSchema
from schema.guarding import guard_objects
from schema.mutations.approvals import decide_approval
from schema.mutations.bulk import bulk_issue_points, bulk_redeem_points
from schema.mutations.exchange import exchange_points
from schema.mutations.grants import end_grant
from schema.mutations.holds import capture_hold, hold_points, void_hold
from schema.mutations.households import (
    change_household_member,
    create_household,
    invite_to_household,
    join_household,
    leave_household,
    set_household_share,
)
from schema.mutations.issue import issue_points, reverse_issue
from schema.mutations.lots import extend_lot, reinstate_lot, release_lot
from schema.mutations.members import enrol_member, link_account
from schema.mutations.memberships import cancel_membership, sell_membership
from schema.mutations.merging import merge_members, unmerge_members
from schema.mutations.purchase import issue_purchase
from schema.mutations.redeem import (
    cash_out_points,
    donate_points,
    redeem_points,
    refund_points,
)
from schema.mutations.settlement import close_window, post_adjustment
from schema.mutations.till import create_till_code
from schema.mutations.transfer import sweep_expiry, transfer_points
from schema.queries.approvals import approvals
from schema.queries.caps import caps
from schema.queries.coalition import coalition, partner, partners
from schema.queries.cost import operation_cost
from schema.queries.exchange import exchange_offers, exchange_quote
from schema.queries.federation import entities, mark_entities, subgraph
from schema.queries.grants import grants
from schema.queries.identity import node, nodes, viewer
from schema.queries.liabilities import liabilities
from schema.queries.log import checkpoints, consistency_proof, inclusion_proof, log_keys
from schema.queries.members import entries, entry, explain, lots, member, members, wallet
from schema.queries.memberships import membership_sales
from schema.queries.settlement import (
    settlement_window,
    settlement_windows,
    statement,
    window_of_calendar,
)
from schema.refusals import TYPES
from schema.scalars import SCALARS
from schema.scopes import scopes_of
from schema.subscriptions.counting import count
from schema.subscriptions.entries import entries as new_entries
from schema.subscriptions.wallets import wallet_changed
from schema.subscriptions.windows import window_changed


@strawberry.type(description="What can be read. What is not for you reads like what is not there.")
class Query:
    """What can be read."""

    viewer = viewer
    node = node
    nodes = nodes
    operation_cost = operation_cost
    subgraph = subgraph
    entities = entities
    coalition = coalition
    partner = partner
    partners = partners
    member = member
    wallet = wallet
    entry = entry
    members = members
    entries = entries
    lots = lots
    explain = explain
    liabilities = liabilities
    caps = caps
    exchange_offers = exchange_offers
    exchange_quote = exchange_quote
    membership_sales = membership_sales
    settlement_window = settlement_window
    settlement_windows = settlement_windows
    window_of_calendar = window_of_calendar
    statement = statement
    approvals = approvals
    grants = grants
    checkpoints = checkpoints
    log_keys = log_keys
    inclusion_proof = inclusion_proof
    consistency_proof = consistency_proof


@strawberry.type(
    description="What can be done. Each takes one input with an idempotency key, and answers what"
    " it made or why it refused."
)
class Mutation:
    """What can be done."""

    issue_points = issue_points
    issue_purchase = issue_purchase
    redeem_points = redeem_points
    create_till_code = create_till_code
    end_grant = end_grant
    bulk_issue_points = bulk_issue_points
    bulk_redeem_points = bulk_redeem_points
    cash_out_points = cash_out_points
    donate_points = donate_points
    refund_points = refund_points
    reverse_issue = reverse_issue
    exchange_points = exchange_points
    hold_points = hold_points
    capture_hold = capture_hold
    void_hold = void_hold
    extend_lot = extend_lot
    reinstate_lot = reinstate_lot
    release_lot = release_lot
    transfer_points = transfer_points
    sweep_expiry = sweep_expiry
    enrol_member = enrol_member
    link_account = link_account
    merge_members = merge_members
    create_household = create_household
    invite_to_household = invite_to_household
    join_household = join_household
    set_household_share = set_household_share
    change_household_member = change_household_member
    leave_household = leave_household
    unmerge_members = unmerge_members
    sell_membership = sell_membership
    cancel_membership = cancel_membership
    post_adjustment = post_adjustment
    close_window = close_window
    decide_approval = decide_approval


@strawberry.type(
    description="What can be followed, over a socket (graphql-transport-ws) or an event stream."
    " Rights are checked again before each event."
)
class Subscription:
    """What can be followed."""

    wallet_changed = wallet_changed
    window_changed = window_changed
    entries = new_entries
    count = count


class HubSchema(SubgraphSchema):
    """A schema that leaves errors to `schema.faults`, which knows what is worth a log line."""

    def _collect_schema_directives(
        self,
        explicit_directive_types: Iterable[type],
        graphql_types: Iterable[GraphQLNamedType | None],
    ) -> list[type]:
        """Attach what the rules say, at the moment when all types are there and none is fixed."""
        kinds = [kind for kind in graphql_types if kind is not None]
        mark_schema(kinds, scopes_of)
        return super()._collect_schema_directives(explicit_directive_types, kinds)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: a client's mistake is no error of ours."""


def _make_schema() -> HubSchema:
    mark_entities()
    made = HubSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=list(TYPES.values()),
        config=StrawberryConfig(
            scalar_map=SCALARS,
            enable_experimental_incremental_execution=True,  # whether it is used: ApiSettings
        ),
        scalar_overrides={FederationAny: REPRESENTATION},
        federation_version=FEDERATION_VERSION,
    )
    core = made._schema  # noqa: SLF001 (where Strawberry keeps graphql-core's schema)
    mark_choices(core)
    guard_objects(core)
    return made


SCHEMA: Final = _make_schema()
"""One per process: its types are built once."""

CORE: Final = SCHEMA._schema  # noqa: SLF001 (where Strawberry keeps graphql-core's schema)
"""The same for graphql-core, which executes it."""
