"""What partners owe each other, from flows of points to payments.

Read in this order: `obligations` (what each event owes), `cells` (per ordered pair, rounded once,
the rest carried), `netting` (nets and payments), `cycles` (what clears without cash), `fx`
(payments in other currencies), `settle` (all figures of one window) and `seal` (the digest that
fixes them). `calendars` says when windows are cut, `windows` closes them, `drilldown` goes from a
cell to single entries, and `recompute` settles again from the journal and compares.
"""
