"""Where restricted points may be used: what is given at an issue, and what a lot shows."""

from typing import Final

import strawberry

from hub.ledger.views.claims.store import RestrictionRow
from hub.points.requests import check_text
from hub.points.restrictions import Restriction as Rule
from schema import loaders
from schema.accounts import find_partner, given
from schema.context import Context, Info
from schema.faults import bad_input
from schema.kinds import InLanguage, Language
from schema.limits import LIST_MAX
from schema.nodes import computed
from schema.partners import Partner, show_partner

_WORDS: Final = {
    Language.EN: {
        "use": "Usable",
        "acceptors": " at {}",
        "categories": " for {}",
        "anywhere": " anywhere",
        "between": ", ",
        "is_transferable": "not transferable",
        "is_exchangeable": "not exchangeable",
        "then": "; ",
        "end": ".",
    },
    Language.ZH: {
        "use": "可",
        "acceptors": "在 {} ",
        "categories": "为 {} ",
        "anywhere": "在任何地方",
        "between": "、",
        "is_transferable": "不可转让",
        "is_exchangeable": "不可兑换为其他货币",
        "then": "；",
        "end": "。",
    },
}


@strawberry.type(description="Where points may be used, and whether they may move.")
class Restriction:
    """Where points may be used."""

    categories: list[str] | None = strawberry.field(
        description=f"What they may be used for, at most {LIST_MAX}; null: anything."
    )
    is_transferable: bool = strawberry.field(
        description="Whether they may be transferred to another member."
    )
    is_exchangeable: bool = strawberry.field(
        description="Whether they may be exchanged into another currency."
    )
    row: strawberry.Private[RestrictionRow]

    @computed(description=f"Who takes them, at most {LIST_MAX}; null: whoever takes points.")
    def acceptors(self, info: Info) -> list[Partner] | None:
        """Show the acceptors."""
        if self.row.acceptor_ids is None:
            return None
        return [show_partner(info.context, number) for number in self.row.acceptor_ids]

    @computed(description="All of it in one sentence.")
    def in_words(self, info: Info, language: InLanguage = Language.EN) -> str:
        """Say it in words."""
        words, row = _WORDS[language], self.row
        register = info.context.rooms.register
        places = [register.get_partner_by_id(each).code for each in row.acceptor_ids or ()]
        parts = [
            words[name].format(words["between"].join(listed))
            for name, listed in (("acceptors", places), ("categories", row.categories or ()))
            if listed
        ]
        where = "".join(parts) or words["anywhere"]
        use = words["use"] + where + ("使用" if language is Language.ZH else "")
        barred = [
            words[name] for name in ("is_transferable", "is_exchangeable") if not getattr(row, name)
        ]
        return words["then"].join([use, *barred]) + words["end"]


@strawberry.input(description="Where points may be used; what is left out does not matter.")
class RestrictionInput:
    """Where points may be used."""

    acceptors: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Codes of the partners that take them, 1 to {LIST_MAX}.",
    )
    categories: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"What they may be used for, 1 to {LIST_MAX}, each of 1 to 200 printable"
        " characters. Where acceptors are given too, a use must fit both.",
    )
    is_transferable: bool = strawberry.field(
        default=True, description="Whether they may be transferred to another member."
    )
    is_exchangeable: bool = strawberry.field(
        default=True, description="Whether they may be exchanged into another currency."
    )


def show_restriction(row: RestrictionRow) -> Restriction:
    """Show the rule of a lot that the actor may see."""
    return Restriction(
        categories=None if row.categories is None else list(row.categories),
        is_transferable=row.is_transferable,
        is_exchangeable=row.is_exchangeable,
        row=row,
    )


async def find_restriction(context: Context, rule: RestrictionInput | None) -> int | None:
    """Give the number of a rule, which is new perhaps; None when there is none.

    Errors: PartnerNotFound, TextTooLong; the fault BAD_USER_INPUT.
    """
    if rule is None:
        return None
    acceptors, categories = given(rule.acceptors), given(rule.categories)
    for name, listed in (("acceptors", acceptors), ("categories", categories)):
        if listed is not None and not 1 <= len(listed) <= LIST_MAX:
            raise bad_input(f"`{name}` has {len(listed)} items; 1 to {LIST_MAX} are allowed.")
    for category in categories or ():
        check_text("category", category)
    numbers = None
    if acceptors is not None:
        numbers = tuple(find_partner(context, code).partner_id for code in acceptors)
    return await loaders.load_rule(
        context,
        Rule(
            numbers,
            None if categories is None else tuple(categories),
            rule.is_transferable,
            rule.is_exchangeable,
        ),
    )
