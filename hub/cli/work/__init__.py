"""The commands `hub work`: run jobs and consumers, and look after those that are stuck.

command    the commands
printout   what they print
"""
