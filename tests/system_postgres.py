"""Print where the system's PostgreSQL of one major version is, or nothing: for the Makefile."""

import sys

from hub.kernel.embedded.binaries import find_system_binaries

if __name__ == "__main__":
    found = find_system_binaries(int(sys.argv[1]))
    print(found.bin_dir if found else "")  # noqa: T201  # its output is its purpose
