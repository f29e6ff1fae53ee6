"""What is public anyway: the words of the schemas and of the shipped configuration.

A text that stands there (a title, an agency's name, a rule's law) betrays nothing when it is found at
rest. Examples in schemas are left out: they look like what messages hold.
"""

import functools
import json
import re

from folder import REPOSITORY, parse

# Ids, references, dates and times stand in the ledger in clear (design §7).
IDENTITY = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d\d-\d{4}-[0-9A-HJKMNP-TV-Z]{8}"
    r"|\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?\Z"
)


@functools.cache
def public_text():
    """All of it in one string, as it is written and with runs of white space as one space."""
    texts = []
    for path in sorted((REPOSITORY / "schemas").rglob("*.json")):
        texts.append(json.dumps(without_examples(parse(path.read_bytes())), ensure_ascii=False))
    for path in sorted((REPOSITORY / "config").rglob("*")):
        if path.is_file():
            texts.append(path.read_text())
    whole = "\n".join(texts)
    return whole + "\n" + " ".join(whole.split())


def without_examples(schema):
    if isinstance(schema, dict):
        return {name: without_examples(inner) for name, inner in schema.items() if name != "examples"}
    if isinstance(schema, list):
        return [without_examples(inner) for inner in schema]
    return schema


def is_identity(text):
    """Whether it is an id, a reference, a date or a time rather than a text."""
    return IDENTITY.fullmatch(text) is not None
