"""The sandbox as a server: sockets, TLS, WSGI and the command line."""
