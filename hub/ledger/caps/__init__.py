"""Caps: how much there may be of something, for a wallet or for all together (rule book 1.3.4).

kinds   what is capped, spans of the calendar, ids
store   all SQL about caps
book    the caps that this process knows, opened when they are first needed
"""
