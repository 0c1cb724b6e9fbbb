"""How often something may be done: counted for all processes together.

limits    the limits, and taking from one
failing   failures, by where they come from
marked    names worth a look into the database
"""
