"""``python -m deals``: the service, whole or one part of it."""

from chassis.run import main
from deals.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
