"""Refusals: `refused/<n>.json`, problem documents (RFC 9457, design §9).

They say what is wrong, where, and how to mend it, and repeat nothing that was submitted.
"""

import re

import vocabulary
from canary import CHARS_MIN
from folder import REPOSITORY, parse, strings
from report import Wrong, expect

POINTER = re.compile(r"(/([^~/]|~[01])*)*\Z")
FAULT = {"pointer", "code", "message", "fix"}
# Besides, where a message was held against schema and rules.
JUDGED = {"rule", "source", "severity"}
# A refusal of permission names its law.
LAW = {"legal_basis"}
OTHER = {"type", "title", "status", "detail", "errors", "reference", "instance"}


def check(report, folder):
    sound = report.check("refusals: problem documents with type, title and status")
    mendable = report.check("refusals: every error with pointer, code, message and fix, and its rule if one found it")
    silent = report.check("refusals: no submitted value repeated")
    submitted = values(folder)
    for path in folder.files("refused", "*.json"):
        where = folder.name(path)
        document = None
        with sound.item(where):
            document = parse(path.read_bytes())
            check_document(document)
        for number, fault in enumerate((document or {}).get("errors", [])):
            with mendable.item(f"{where}, error {number}"):
                known = set(fault) - LAW
                expect(known in (FAULT, FAULT | JUDGED), "members are missing, or others are there")
                expect(POINTER.match(fault["pointer"]), "not a JSON Pointer")
                expect(all(text for name, text in fault.items() if name != "pointer"), "one is empty")
        with silent.item(where):
            text = path.read_text()
            found = next((place for value, place in submitted.items() if value in text), None)
            expect(found is None, f"holds the value of {found}")


def check_document(document):
    expect({"type", "title", "status"} <= set(document) <= OTHER, "not the members of a problem document")
    expect(re.match(r"[a-z][a-z0-9+.-]*:", document["type"]), "type is no URI")
    expect(document["title"], "there is no title")
    status = document["status"]
    expect(isinstance(status, int) and 400 <= status <= 599, "status is not that of a refusal")


def values(folder):
    """Every text of at least twelve characters in what was sent or may have been, with its place."""
    messages = [(sent.name, sent.json) for sent in folder.sent]
    for path in sorted((REPOSITORY / "tests/messages").glob("*/*.json")):
        try:
            messages.append((path.name, parse(path.read_bytes())))
        except (Wrong, ValueError, RecursionError):
            continue  # Some are there to be refused as no JSON at all.
    public = vocabulary.public_text()
    found = {}
    for name, message in messages:
        for pointer, value in strings(message):
            if len(value) >= CHARS_MIN and value not in public:
                found.setdefault(value, f"{name} {pointer}")
    return found
