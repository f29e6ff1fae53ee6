"""Finding many texts in many files, in all the forms in which they could have been left behind."""

import base64
import json

# Every pattern is at least this long, and is looked up by its beginning.
KEY_BYTES = 12


def written(text):
    """A text as bytes: plain, and as JSON writes it with and without escapes for other alphabets."""
    escaped = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {form.encode() for form in {text} | escaped}


def forms(data):
    """The encodings of some bytes, by name."""
    yield "plain", data
    yield "hex", data.hex().encode()
    yield "HEX", data.hex().upper().encode()
    for shift in range(3):
        yield from ((f"base64 at {shift}", text) for text in base64_within(data, shift))


def base64_within(data, shift):
    """What is sure to stand in the base64 of a longer text that holds `data` `shift` bytes after a
    multiple of three."""
    first = (0, 2, 3)[shift]
    last = (shift + len(data)) * 8 // 6
    standard = base64.b64encode(b"\0" * shift + data)[first:last]
    return {standard, standard.translate(bytes.maketrans(b"+/", b"-_"))}


class Search:
    """A set of patterns, each with what it shows if it is found."""

    def __init__(self):
        self.patterns = {}

    def add_text(self, text, label):
        """A text in all its forms."""
        for data in written(text):
            self.add_bytes(data, label)
        self.add(text.encode("utf-16-le"), f"{label} (UTF-16)")

    def add_bytes(self, data, label):
        """Bytes in all their encodings."""
        for form, pattern in forms(data):
            self.add(pattern, f"{label} ({form})")

    def add(self, pattern, label):
        if len(pattern) >= KEY_BYTES:
            self.patterns.setdefault(pattern[:KEY_BYTES], {}).setdefault(pattern, label)

    def __len__(self):
        return sum(len(group) for group in self.patterns.values())

    def find(self, data):
        """The label of the first pattern in `data`; `None` if there is none."""
        known = self.patterns
        for place in range(len(data) - KEY_BYTES + 1):
            group = known.get(data[place : place + KEY_BYTES])
            if group is None:
                continue
            for pattern, label in group.items():
                if data.startswith(pattern, place):
                    return label
        return None
