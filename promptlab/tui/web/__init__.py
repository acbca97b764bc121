"""The application in a browser: a server for one person on the machine's own address."""
