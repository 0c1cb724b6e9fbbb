"""`hub scenario` asks what the hub would do with a file of terms and events.

`document` reads a file into a `Scenario` (with `fields`, `windows`, `agreements`, `events` and
`order`), `answer` prints an `Outcome` as JSON, `printout` as tables for a person, `compare` what
differs between two, and `command` is the command itself.
"""
