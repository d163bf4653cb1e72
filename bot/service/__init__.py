"""The bot as a server: what comes in, what is remembered, what is done about it."""
