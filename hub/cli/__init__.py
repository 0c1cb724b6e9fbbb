"""The `hub` command.

`main` is the application, `output` what all commands print with, `exit_codes` what their exit
status means and `endings` how they come to it. `strict_json`, `fields` and `agreements` read files,
`database` opens the one that a command works on. A command is a file, or a folder, of its name.
"""
