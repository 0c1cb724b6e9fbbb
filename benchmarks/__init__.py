"""Measurements of the hub against what most people would write; every result is a ratio in one run.

Bottom up: `load` (what is asked), `stage` (server, coalition, wallets), `engines` (who does it),
`measure` (closed loops and CPU), `cases` (what is compared), `closing` (windows), `goals`,
`report`. Run with `python -m benchmarks --help`; docs/benchmarks.md tells what each case means.
"""
