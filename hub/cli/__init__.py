"""The `hub` command.

`main` is the application, `output` what all commands print with, `exit_codes` what their exit
status means, `strict_json` how files are read. A command is a file, or a folder, of its name.
"""
