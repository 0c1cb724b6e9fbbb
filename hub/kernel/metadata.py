"""The one MetaData: every table of every room is registered here, under one naming convention."""

from sqlalchemy import MetaData

# Constraints get names that can be foretold: migrations drop them by name, and errors of the
# database are told apart by it. Checks are named by hand, for what they forbid.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)
