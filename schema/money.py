"""Money: an exact amount and its currency."""

from decimal import Decimal
from typing import Final

import strawberry

from schema.faults import bad_input

INPUT_MAX: Final = 10**15


@strawberry.type(description="An amount of money.")
class Money:
    """An amount of money."""

    amount: Decimal = strawberry.field(
        description="In units of the currency, with the places of its minor unit; may be negative."
    )
    currency: str = strawberry.field(description="ISO 4217 code, e.g. `EUR`.")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """An amount of money that is given."""

    amount: Decimal = strawberry.field(
        description="In units of the currency, below 10^15 either way."
    )
    currency: str = strawberry.field(description="ISO 4217 code, e.g. `EUR`.")

    def checked_amount(self) -> Decimal:
        """Give the amount when it is one that the books can hold many of.

        Errors: the fault BAD_USER_INPUT.
        """
        if abs(self.amount) >= INPUT_MAX:
            raise bad_input("An amount of money lies below 10^15 either way.")
        return self.amount
