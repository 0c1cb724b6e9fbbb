"""The reference page of limits and costs, written from the code."""

from schema.cost.gate import DOCUMENT_COST, limit_of, page_cost_of
from schema.cost.weights import INTROSPECTION_WEIGHTS, OBJECT_WEIGHT
from schema.directives import MUTATION_WEIGHT, ROW_WEIGHT, SUBSCRIPTION_WEIGHT, WEIGHTS
from schema.exports.rows import ROWS_AT_ONCE
from schema.limits import ERRORS_MAX, LIMITS, VALIDATION_ERRORS_MAX
from schema.paging import FIRST_DEFAULT, FIRST_MAX
from schema.settings import CostSettings


def write_limits() -> str:
    settings = CostSettings()
    rows = [
        f"| `{limit.name}` | {limit.allowed:,} | {limit.noun} |"
        for limit in (limit_of(settings), *LIMITS)
    ]
    named = [
        f"| `{name}` | {weight:,} |"
        for name, weight in [
            *sorted(WEIGHTS.items()),
            *((f"Query.{name}", weight) for name, weight in INTROSPECTION_WEIGHTS.items()),
        ]
    ]
    parts = [
        _HEAD,
        "| limit | allowed | what is counted |",
        "|---|---|---|",
        *rows,
        "",
        _ERRORS.format(answer=ERRORS_MAX, validation=VALIDATION_ERRORS_MAX),
        _COST.format(
            object=OBJECT_WEIGHT,
            mutation=MUTATION_WEIGHT,
            subscription=SUBSCRIPTION_WEIGHT,
            row=ROW_WEIGHT,
            first=FIRST_DEFAULT,
            first_max=FIRST_MAX,
            document=DOCUMENT_COST,
        ),
        "| field | costs |",
        "|---|---|",
        *named,
        "",
        _BUCKET.format(
            size=f"{settings.bucket_size:,}",
            rate=f"{settings.restore_rate:,}",
            operation=f"{settings.operation_max:,}",
        ),
        _EXPORTS.format(
            asking=DOCUMENT_COST, page=page_cost_of(settings), lines=f"{ROWS_AT_ONCE:,}"
        ),
    ]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = """# Limits and cost

*Written by `make snapshots` from the code; a test compares.*

A request that goes beyond a limit is refused before anything of it runs. The error says what was
asked and what is allowed, in a sentence and in `extensions.limit`. Its code is
`GRAPHQL_VALIDATION_FAILED` for a document and `BAD_USER_INPUT` for its variables. Why they are as
they are is in [ADR 0017](../adr/0017-cost-before-execution.md).
"""
_ERRORS = """An answer lists at most {answer} errors, and validation stops after {validation}. The
body of a request is bounded by `HUB_API__BODY_MAX_BYTES`.
"""
_COST = """## Cost

Every answer says under `extensions.cost` what its operation cost. The number follows from the
document, its variables and the schema alone. `operationCost` gives it without running anything,
for nothing. The directives `@cost` and `@listSize` of the schema are all that it is made of:

- An object costs {object}, anything else nothing, unless `@cost` says otherwise.
- A page costs {object} and its objects, so many times as `first` or `last` says: {first} without
  them, {first_max} at most. Edges and page information cost nothing.
- A list without arguments has so many objects as `@listSize(assumedSize:)` says.
- A mutation costs {mutation}, a row of a bulk mutation {row}, a subscription {subscription}; each
  with the objects that it shows.
- What is mentioned twice at one place is counted once. Of the types that an object may have, the
  dearest counts. `@skip` and `@include` lower nothing. A list in the table costs its number for
  each object, `liabilities` that of ten.
- A document that the hub has not seen lately takes {document} more from the bucket, once. So does
  one that cannot be executed. This is not part of `requestedQueryCost`.
"""
_BUCKET = """## Bucket

Each partner, each member and each person of the hub has a bucket. It holds {size} points of cost,
and {rate} come back in each second. One operation may cost {operation}. The settings
`HUB_API__COST__*` change these. Whoever has not signed in has a bucket of the same size for each
address, in each process.

```json
{{
  "cost": {{
    "requestedQueryCost": 22,
    "maximumAvailable": 50000,
    "currentlyAvailable": 49958,
    "restoreRate": 5000
  }}
}}
```

When too little is left, nothing runs. The answer has status 429, a header `Retry-After` with
whole seconds, an error with the code `THROTTLED`, and the same `extensions.cost`.

All processes share a bucket. Each takes a slice of it at a time, a 64th of the bucket or a 16th
of what is left, whichever is less, so that most requests ask no database. `currentlyAvailable` is
as this process saw the bucket last. A client that is refused may have such slices unspent at
other processes.
"""
_EXPORTS = """## Downloads

[`/exports/...`](../how-to/export-lists.md) takes from the same bucket: {asking} for being asked
for, and {page} for every {lines} lines, the first of them beforehand. A search that finds little
is paid as if it had found a page. What has not enough for its first page is answered with 429 and
`Retry-After`, as above. Later a download waits: it takes a page only while half of the bucket is
left, so all else that the client does goes on meanwhile. Of a bucket that is smaller than twice
{page}, a page takes half.
"""
