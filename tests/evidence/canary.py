"""No plaintext at rest: what the messages say is looked for in everything that the gateway keeps.

The canaries are the texts of the messages themselves: every string of at least twelve characters in the
body, about the sender's person and in the justifications, long ones cut into pieces so that one left over
on half a page of a database is found too, and samples of the attachments. What is public anyway is no
canary.
"""

import base64

import vocabulary
from folder import REPOSITORY, strings
from report import expect
from search import Search

CHARS_MIN = 12
PIECE_CHARS = 24
# Attachments: windows of this many bytes, so far apart, with so many different bytes in each.
WINDOW_BYTES, STRIDE_BYTES, DIFFERENT_MIN = 32, 4093, 20
STORE = "in the gateway's store"
LEDGER = "in its ledger and receipts"
ELSEWHERE = "in any other file that lies about"
TOLD = "in refusals and logs"
MOVED = "readable in what was collected, pushed and mailed"
PLACES = (STORE, LEDGER, ELSEWHERE, TOLD, MOVED)
FOLDERS = {
    "data": STORE, "ledger": LEDGER, "receipts": LEDGER, "refused": TOLD,
    "inbox": MOVED, "webhook": MOVED, "mail": MOVED,
}  # fmt: skip
PRIVATE_MEMBERS = ("justification", "strict_necessity", "attention")


def private_texts(message):
    """The texts of a message that nobody but its recipients may read, with their pointers."""
    yield from strings(message.get("body", {}), "/body")
    yield from strings(message.get("sender", {}).get("person", {}), "/sender/person")
    for pointer, value in strings(message):
        outside = not pointer.startswith(("/body/", "/sender/"))
        if outside and pointer.rpartition("/")[2] in PRIVATE_MEMBERS:
            yield pointer, value


def pieces(text):
    if len(text) <= 2 * PIECE_CHARS:
        return [text]
    return [text[i : i + PIECE_CHARS] for i in range(0, len(text) - PIECE_CHARS + 1, PIECE_CHARS)]


def of_messages(folder):
    """A search for everything private in what was sent."""
    search, public = Search(), vocabulary.public_text()
    for sent in folder.sent:
        for pointer, value in private_texts(sent.json):
            for piece in pieces(value):
                if is_canary(piece, public):
                    search.add_text(piece, f"{sent.name} {pointer}")
    return search


def is_canary(text, public):
    return len(text) >= CHARS_MIN and not vocabulary.is_identity(text) and text not in public


def with_attachments(search):
    """Adds samples of the attachments."""
    for path in sorted((REPOSITORY / "tests/messages/attachments").iterdir()):
        data = path.read_bytes()
        for place in range(0, len(data) - WINDOW_BYTES, STRIDE_BYTES):
            window = data[place : place + WINDOW_BYTES]
            if len(set(window)) >= DIFFERENT_MIN:
                search.add_bytes(window, f"{path.name} at {place}")
    return search


def check(report, folder):
    search = with_attachments(of_messages(folder))
    check_control(report.check(f"canaries: the search finds {len(search)} patterns where they are"), folder, search)
    places = {name: [] for name in PLACES}
    for path in folder.files(".", "**/*"):
        first = path.relative_to(folder.path).parts[0]
        if path.is_file() and first != "sent":
            places[TOLD if path.suffix == ".log" else FOLDERS.get(first, ELSEWHERE)].append(path)
    for place, paths in places.items():
        look(report.check(f"canaries: none {place}"), folder, search, paths)


def check_control(check, folder, search):
    """A search that finds nothing shows something only if it would have found it."""
    for sent in folder.sent:
        if not any(True for _ in private_texts(sent.json)):
            continue
        shapes = {
            "as it is": sent.bytes,
            "hex": sent.bytes.hex().encode(),
            "UTF-16": sent.bytes.decode().encode("utf-16-le"),
            **{f"base64 at {shift}": base64.urlsafe_b64encode(b" " * shift + sent.bytes) for shift in range(3)},
        }
        for shape, data in shapes.items():
            with check.item(f"{sent.name} {shape}"):
                expect(search.find(data), "it is not found there")


def look(check, folder, search, paths):
    for path in paths:
        with check.item(folder.name(path)):
            found = search.find(path.read_bytes()) or search.find(str(path).encode())
            expect(found is None, f"holds {found}")
