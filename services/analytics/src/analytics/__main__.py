"""``python -m analytics``: the service, whole or one part of it."""

from analytics.app import SERVICE
from chassis.run import main

if __name__ == "__main__":
    main(SERVICE)
