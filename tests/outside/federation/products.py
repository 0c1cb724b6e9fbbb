"""The subgraph that Apollo's compatibility suite asks for, made of what our own is made of.

`python -m tests.outside.federation.products PORT` serves it. The suite says what lies in it; the
schema class, the way to entities and the printed schema are `schema.federation`.
"""

import base64
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.federation.schema import FederationAny
from strawberry.schema_directive import Location

from schema.federation import REPRESENTATION, SubgraphSchema, resolve_representations

EMAIL = "support@apollographql.com"
federation = strawberry.federation


@federation.schema_directive(
    locations=[Location.OBJECT],
    name="custom",
    compose=True,
    import_url="https://myspecs.dev/myCustomDirective/v1.0",
)
class Custom:
    """A directive that the supergraph keeps."""


@federation.type(shareable=True)
class ProductDimension:
    size: str | None
    weight: float | None
    unit: str | None = federation.field(inaccessible=True)


@strawberry.type
class ProductVariation:
    id: strawberry.ID


@strawberry.type
class CaseStudy:
    case_number: strawberry.ID
    description: str | None


@federation.type(keys=["study { caseNumber }"])
class ProductResearch:
    study: CaseStudy
    outcome: str | None


@federation.type(keys=["email"], extend=True)
class User:
    email: strawberry.ID = federation.field(external=True)
    name: str | None = federation.field(override="users")
    total_products_created: int | None = federation.field(external=True)
    years_of_employment: int = federation.field(external=True)

    @federation.field(requires=["totalProductsCreated", "yearsOfEmployment"])
    def average_products_created_per_year(self) -> int | None:
        if self.total_products_created is None:
            return None
        return round(self.total_products_created / self.years_of_employment)


@federation.type(keys=["sku package"])
class DeprecatedProduct:
    sku: str
    package: str
    reason: str | None
    created_by: User | None


@federation.type(keys=["id", "sku package", "sku variation { id }"], directives=[Custom()])
class Product:
    id: strawberry.ID
    sku: str | None
    package: str | None
    variation: ProductVariation | None
    dimensions: ProductDimension | None
    created_by: User | None = federation.field(provides=["totalProductsCreated"])
    notes: str | None = federation.field(tags=["internal"])
    research: list[ProductResearch]


@federation.interface_object(keys=["id"])
class Inventory:
    id: strawberry.ID
    deprecated_products: list[DeprecatedProduct]


USER = User(email=EMAIL, name="Jane Smith", total_products_created=1337, years_of_employment=10)
DEPRECATED = DeprecatedProduct(
    sku="apollo-federation-v1",
    package="@apollo/federation-v1",
    reason="Migrate to Federation V2",
    created_by=USER,
)
STUDIES = [
    ProductResearch(study=CaseStudy(case_number=number, description=title), outcome=None)
    for number, title in (("1234", "Federation Study"), ("1235", "Studio Study"))
]
SMALL = ProductDimension(size="small", weight=1, unit="kg")
PRODUCTS = [
    Product(
        id="apollo-federation",
        sku="federation",
        package="@apollo/federation",
        variation=ProductVariation(id="OSS"),
        dimensions=SMALL,
        created_by=USER,
        notes=None,
        research=STUDIES[:1],
    ),
    Product(
        id="apollo-studio",
        sku="studio",
        package="",
        variation=ProductVariation(id="platform"),
        dimensions=SMALL,
        created_by=USER,
        notes=None,
        research=STUDIES[1:],
    ),
]

Given = Sequence[Mapping[str, Any]]


async def find_products(_: Any, given: Given) -> list[Product | None]:
    return [next((each for each in PRODUCTS if is_meant(each, key)), None) for key in given]


def is_meant(product: Product, key: Mapping[str, Any]) -> bool:
    own = {
        "id": product.id,
        "sku": product.sku,
        "package": product.package,
        "variation": {"id": product.variation.id},
    }
    return all(own[name] == value for name, value in key.items() if name != "__typename")


async def find_deprecated(_: Any, given: Given) -> list[DeprecatedProduct | None]:
    meant = (DEPRECATED.sku, DEPRECATED.package)
    return [DEPRECATED if (key["sku"], key["package"]) == meant else None for key in given]


async def find_research(_: Any, given: Given) -> list[ProductResearch | None]:
    by_number = {each.study.case_number: each for each in STUDIES}
    return [by_number.get(key["study"]["caseNumber"]) for key in given]


async def find_users(_: Any, given: Given) -> list[User | None]:
    """What is required of another subgraph comes with the representation."""
    return [
        User(
            email=EMAIL,
            name=USER.name,
            total_products_created=key.get("totalProductsCreated", 1337),
            years_of_employment=key.get("yearsOfEmployment", 10),
        )
        if key["email"] == EMAIL
        else None
        for key in given
    ]


async def find_inventories(_: Any, given: Given) -> list[Inventory | None]:
    return [Inventory(id=key["id"], deprecated_products=[DEPRECATED]) for key in given]


RESOLVERS = {
    "Product": find_products,
    "DeprecatedProduct": find_deprecated,
    "ProductResearch": find_research,
    "User": find_users,
    "Inventory": find_inventories,
}
Entity = Annotated[
    Product | DeprecatedProduct | ProductResearch | User | Inventory,
    strawberry.union("_Entity"),
]


@strawberry.type(name="_Service")
class Service:
    sdl: str


@federation.type(extend=True)
class Query:
    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:  # noqa: A002 (the suite's name)
        return next((each for each in PRODUCTS if each.id == id), None)

    @strawberry.field(deprecation_reason="Use product query instead")
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        return DEPRECATED if (sku, package) == (DEPRECATED.sku, DEPRECATED.package) else None

    @strawberry.field(name="_service")
    def service(self) -> Service:
        return Service(sdl=SCHEMA.print_subgraph())

    @strawberry.field(name="_entities")
    async def entities(
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[Entity | None]:
        return await resolve_representations(info, representations, RESOLVERS)


SCHEMA = SubgraphSchema(
    query=Query,
    types=[Inventory],
    scalar_overrides={FederationAny: REPRESENTATION},
    federation_version="2.3",
)


async def answer(request: Request) -> JSONResponse:
    began = time.time_ns()
    asked = await request.json()
    result = await SCHEMA.execute(
        asked["query"],
        variable_values=asked.get("variables"),
        operation_name=asked.get("operationName"),
    )
    body = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if request.headers.get("apollo-federation-include-trace") == "ftv1":
        body["extensions"] = {"ftv1": write_trace(began, time.time_ns())}
    return JSONResponse(body)


def write_trace(began: int, ended: int) -> str:
    """Apollo's federated trace, without times of single fields: start, end, duration, root."""
    parts = [(3, write_instant(ended)), (4, write_instant(began)), (14, b"")]
    trace = b"".join(
        write_number(tag << 3 | 2) + write_number(len(part)) + part for tag, part in parts
    )
    return base64.b64encode(trace + write_number(11 << 3) + write_number(ended - began)).decode()


def write_instant(nanoseconds: int) -> bytes:
    seconds, rest = divmod(nanoseconds, 10**9)
    return b"\x08" + write_number(seconds) + b"\x10" + write_number(rest)


def write_number(number: int) -> bytes:
    """A number as protocol buffers write it: seven bits at a time."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


APP = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(APP, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
