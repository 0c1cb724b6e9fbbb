"""Written by `make snapshots` from schema/schema.graphql; a test compares. Change nothing here."""
