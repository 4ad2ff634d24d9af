"""The product as it is served, and beside it a hello world on the same server: the ceiling of what this server can do."""

from config.wsgi import application as product


def application(environ, start_response):
    if environ["PATH_INFO"] == "/hello-world/":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "11")])
        return [b"hello world"]
    return product(environ, start_response)
