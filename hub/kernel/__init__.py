"""The cellar: errors, money.

`errors` is what every refusal is made of; `money` counts points and money exactly.
"""
