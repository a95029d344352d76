"""``python -m identity [api | relay | consumers | migrate | openapi | found | rotate-keys]``."""

from chassis.run import main
from identity.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
