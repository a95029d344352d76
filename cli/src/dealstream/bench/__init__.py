"""``dealstream bench``: what the platform does in a second, against plain tools that do the same on the same machine."""
