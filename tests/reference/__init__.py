"""A second, independent implementation of the rule book, for tests to compare the product with.

Sequential, in memory, exact (`fractions.Fraction`), and it imports nothing of the product.

- `books`: wallets, lots and refusals, one operation after the other (rule book 1.2 to 1.9).
- `settle`: what each entry owes (2.4), and from obligations to nets and payments (2.6).
- `money`: rounding, printing and minor units.
- `scenario`: the answer to a scenario file (`answer`), made of the three above.
- `validate`: why a scenario file is invalid.
- `generate`: random valid scenario files, by seed or by Hypothesis.
- `spoil`: invalid scenario files, each with its reason.
- `replay`: the totals of a folder of receipts, and random folders with their right totals.
"""
