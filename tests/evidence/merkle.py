"""RFC 6962 trees, C2SP notes and tiles, and RFC 8785 JSON, written from the specifications.

Hashes and texts in, hashes and values out. Nothing here reads a file.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from report import Wrong, expect

TILE_WIDTH = 256


def leaf_hash(data):
    """RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes):
    """The root over leaf hashes, RFC 9162 §2.1.1: split at the largest power of two below the size."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    # Pairs from the left, a lone last one passed up unchanged, give the same tree.
    while len(level) > 1:
        pairs = [node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def root_of_path(leaf, index, size, path):
    """The root that an inclusion path leads to, RFC 9162 §2.1.3.2."""
    expect(0 <= index < size, "the index lies beyond the tree")
    fn, sn, reached = index, size - 1, leaf
    for sibling in path:
        expect(sn > 0, "the path is too long")
        if fn & 1 or fn == sn:
            reached = node_hash(sibling, reached)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            reached = node_hash(reached, sibling)
        fn, sn = fn >> 1, sn >> 1
    expect(sn == 0, "the path is too short")
    return reached


def tiles(hashes):
    """Every tile of the tree by its path below `tile/`, C2SP tlog-tiles: only complete subtrees."""
    found, level, row = {}, 0, list(hashes)
    while row:
        for number in range(0, len(row), TILE_WIDTH):
            content = row[number : number + TILE_WIDTH]
            found[tile_path(level, number // TILE_WIDTH, len(content))] = b"".join(content)
        whole = len(row) // TILE_WIDTH
        row = [root(row[i * TILE_WIDTH : (i + 1) * TILE_WIDTH]) for i in range(whole)]
        level += 1
    return found


def tile_path(level, number, width):
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return f"{level}/{'/'.join(groups)}" + (f".p/{width}" if width < TILE_WIDTH else "")


@dataclass
class VerifierKey:
    """C2SP signed-note: `name+hash+base64(0x01 ‖ key)`."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def parse(cls, text):
        name, hashed, encoded = text.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        expect(typed[0] == 1 and len(typed) == 33, "not an Ed25519 key")
        key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        expect(key_id.hex() == hashed, "the key's hash does not fit its name and key")
        return cls(name, key_id, typed[1:])


@dataclass
class Checkpoint:
    """C2SP tlog-checkpoint."""

    size: int
    root: bytes

    @classmethod
    def open(cls, note, vkey):
        """The checkpoint, if this key signed it and it is this log's."""
        text, blank, signatures = note.rpartition("\n\n")
        expect(blank and signatures.endswith("\n"), "not a signed note")
        text += "\n"
        lines = [line.split(" ") for line in signatures[:-1].split("\n")]
        expect(all(len(line) == 3 and line[0] == "\u2014" for line in lines), "not a signature line")
        ours = [base64.b64decode(line[2], validate=True) for line in lines if line[1] == vkey.name]
        ours = [signature[4:] for signature in ours if signature[:4] == vkey.key_id]
        expect(ours, "not signed by this key")
        for signature in ours:
            try:
                Ed25519PublicKey.from_public_bytes(vkey.public).verify(signature, text.encode())
            except InvalidSignature:
                raise Wrong("the signature is wrong") from None
        origin, size, encoded = text.split("\n")[:3]
        expect(origin == vkey.name, "another log's checkpoint")
        expect(size.isdigit() and str(int(size)) == size, "the size is not a plain number")
        return cls(int(size), base64.b64decode(encoded, validate=True))


def canonical(value):
    """RFC 8785 without fractions, which an event does not have."""
    if isinstance(value, dict):
        # §3.2.3: by UTF-16 code units.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{quoted(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    expect(isinstance(value, int) and abs(value) <= 2**53, "a number that RFC 8785 may write otherwise")
    return str(value)


SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def quoted(text):
    """§3.2.2.2: only what must be escaped is."""
    escaped = (SHORT.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text)
    return '"' + "".join(escaped) + '"'


def commitment(salt, event):
    """Design §7: SHA-256 over salt and canonical event."""
    return hashlib.sha256(salt + canonical(event).encode()).digest()


