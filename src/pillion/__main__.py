"""`python -m pillion` is `pillion`."""

from pillion.cli.main import main

if __name__ == "__main__":
    main()
