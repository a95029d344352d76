"""``python -m leads [api | relay | consumers | migrate | openapi]``."""

from chassis.run import main
from leads.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
