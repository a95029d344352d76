"""``python -m dealstream``."""

from dealstream.app import main

if __name__ == "__main__":
    main()
