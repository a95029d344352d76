"""``python -m notifications [api | relay | consumers | migrate | openapi | settings | metrics]``."""

from chassis.run import main
from notifications.app import SERVICE

main(SERVICE)
