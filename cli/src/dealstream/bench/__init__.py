"""``dealstream bench``: what the platform does in a second, beside plain tools on the same machine."""
