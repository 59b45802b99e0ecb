"""Run the command line: ``python -m subtitled`` is the command ``subtitled``."""

from subtitled.cli import main

if __name__ == "__main__":
    main()
