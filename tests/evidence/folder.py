"""The evidence folder that `portcullis demo --once --dir DIR` leaves, as values.

Reads files and parses JSON strictly; judges nothing.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from report import Wrong

REPOSITORY = Path(__file__).resolve().parents[2]
# RFC 4648 §5, without padding and without anything else: one value has one spelling.
BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")


def parse(text):
    """JSON in which no member stands twice, and no number is none."""

    def members(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Wrong("a member stands twice")
        return found

    def constant(_):
        raise Wrong("a number that JSON does not have")

    return json.loads(text, object_pairs_hook=members, parse_constant=constant)


def b64u(text):
    """The bytes of unpadded base64url."""
    if not BASE64URL.match(text):
        raise Wrong("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def strings(value, pointer=""):
    """Every string value in a JSON value, with its pointer."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from strings(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from strings(member, f"{pointer}/{number}")
    elif isinstance(value, str):
        yield pointer, value


class Sent:
    """One message as it was posted."""

    def __init__(self, path):
        self.name = f"sent/{path.name}"
        self.bytes = path.read_bytes()
        # What was posted to be refused need not be JSON.
        try:
            self.json = parse(self.bytes)
        except (Wrong, ValueError):
            self.json = {}


class Agency:
    """One agency's private files."""

    def __init__(self, path):
        self.agency_id = path.name
        self.path = path
        key = path / "enc.jwk"
        self.enc_jwk = parse(key.read_bytes()) if key.exists() else None

    @property
    def takes_mail(self):
        return (self.path / "smime.crt").exists()


class Folder:
    """The whole evidence."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.sent = [Sent(file) for file in self.files("sent", "*.json")]
        self.agencies = {one.name: Agency(one) for one in self.files("agencies", "*")}
        self.published = parse((self.path / "gateway.jwks").read_bytes())["keys"]
        self.ca = self.path / "ca.crt"

    def files(self, folder, pattern):
        """Sorted paths below a folder of the evidence; none if there is no such folder."""
        return sorted((self.path / folder).glob(pattern))

    def name(self, path):
        """How a report calls a file."""
        return str(Path(path).relative_to(self.path))

    def case_refs(self):
        """The cases that the messages are about; none of them may be read from outside."""
        return {sent.json["case_ref"] for sent in self.sent if "case_ref" in sent.json}

    def sent_as(self, message):
        """The file that holds exactly these bytes."""
        return next((sent for sent in self.sent if sent.bytes == message), None)

    def keys_for(self, purpose):
        """The gateway's published keys of one purpose, by name."""
        return {key["kid"]: key for key in self.published if key.get("purpose") == purpose}
