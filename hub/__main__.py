"""Lets `python -m hub` be the same as `hub`."""

from hub.cli.main import main

if __name__ == "__main__":
    main()
