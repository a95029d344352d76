"""Forms on web pages by which prospects come in."""
