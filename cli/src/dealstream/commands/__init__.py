"""One module a command, or a group of commands, of the command line."""
