"""Forms as programs send them."""

from urllib.parse import urlencode


def encoded(form, style):
    """Return the body and the headers that carry a form."""
    if style == "multipart":
        parts = "".join(
            f'--x1\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
        )
        return f"{parts}--x1--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=x1"}
    plain = "application/x-www-form-urlencoded"
    headers = {"form": {"Content-Type": plain}, "charset": {"Content-Type": plain + "; charset=UTF-8"}}
    return urlencode(form).encode(), headers.get(style, {})
