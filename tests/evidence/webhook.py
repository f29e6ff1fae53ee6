"""Pushes: `webhook/<delivery>.http`, as an agency's own server received them.

The signature is Standard Webhooks 1.0.0, asymmetric (`v1a`, Ed25519): over
`<webhook-id>.<webhook-timestamp>.<body>`, by a key that the gateway publishes for webhooks and for nothing
else. The body is a sealed copy like those in the inboxes.
"""

import base64
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import sealed
from folder import b64u, parse
from report import Wrong, expect


def pushed(folder, path, scratch):
    """The body of a push as a sealed copy, which is also a file of its own in `scratch`."""
    _, body = split(path.read_bytes())
    alone = Path(scratch) / f"{path.stem}.jwe"
    alone.write_bytes(body)
    text = body.decode()
    kid = parse(text)["header"]["kid"]
    owner = (one for one in folder.agencies.values() if one.enc_jwk and one.enc_jwk["kid"] == kid)
    return sealed.Copy(folder.name(path), alone, next(owner, None), path.stem, "push", text)


def split(request):
    """Headers, names in lower case, and body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    expect(first.startswith("POST "), "not a POST")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name.lower() in headers:
            raise Wrong("a header stands twice")
        headers[name.lower()] = value
    return headers, body


def check(report, folder, others):
    """All checks of the pushes; gives the copies."""
    signed = report.check("pushes: Standard Webhooks v1a signatures hold")
    for path in folder.files("webhook", "*.http"):
        with signed.item(folder.name(path)):
            headers, body = split(path.read_bytes())
            expect(headers["webhook-id"] == path.stem, "webhook-id is not the delivery")
            expect(headers["content-type"] == "application/jose+json", "another content type")
            check_signature(headers, body, folder)
    with tempfile.TemporaryDirectory() as scratch:
        copies = []
        readable = report.check("pushes: requests with a sealed copy as body")
        for path in folder.files("webhook", "*.http"):
            with readable.item(folder.name(path)):
                copies.append(pushed(folder, path, scratch))
        sealed.check(report, folder, copies, others, "pushes")
    return copies


def check_signature(headers, body, folder):
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = folder.keys_for("webhooks").values()
    for entry in headers["webhook-signature"].split(" "):
        version, _, signature = entry.partition(",")
        if version != "v1a":
            continue
        for key in keys:
            try:
                public = Ed25519PublicKey.from_public_bytes(b64u(key["x"]))
                public.verify(base64.b64decode(signature, validate=True), text)
                return
            except InvalidSignature:
                continue
    raise Wrong("no signature is by a key for webhooks")
