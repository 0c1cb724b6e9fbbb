"""The history of the database: one for all rooms, told by Alembic."""
