"""Work that is done later, or regularly, by whichever worker is free.

job         what a job is, and what runs it
runner      takes jobs as they fall due, keeps their leases, tries again what failed
store       all SQL: asking for jobs, claiming, ending and listing them
tables      jobs, and how often those come back that do
figures     how attempts ended, for whoever watches
settings    how many at once, how long, how often
errors      what operators are refused
"""
