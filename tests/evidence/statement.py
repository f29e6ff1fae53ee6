"""The transfer statement: who signed it, and whether it says what the message says (design §5).

In: a compact JWS and the bytes of the message that it is about. Out: its payload, or `Wrong`.
"""

import re
from dataclasses import dataclass

import openers
from folder import b64u, parse, sha256_hex
from report import Wrong, expect

TYP = "portcullis-statement+jws"
MEMBERS = {
    "gateway", "message_id", "sha256", "bytes", "type", "schema_version", "area", "sender", "accepted_at",
    "policy_set", "recipients", "view", "attachments", "ledger",
}  # fmt: skip
# What is stated only where there is something to state.
MAY_HAVE = {"obligations", "warnings"}
RECIPIENT = {"agency_id", "delivery_id", "channel", "policies", "legal_basis"}
HASH = re.compile(r"[0-9a-f]{64}\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
# What the gateway itself sends, in its own name.
OWN_REPORTS = {"non_delivery", "resend_request"}


@dataclass
class Delivered:
    """One message as one recipient had it."""

    where: str
    # `inbox`, `push` or `mail`: how this copy came. What was pushed can be collected too.
    way: str
    agency_id: str
    delivery_id: str
    channel: str
    jws: str
    statement: dict
    message: bytes


def verify(jws, folder):
    """The payload, if the key that the header names is published for statements and both libraries find
    that it signed this."""
    header = parse(b64u(jws.split(".")[0]))
    expect(set(header) == {"alg", "kid", "typ"}, "the JWS header has other members than alg, kid and typ")
    expect(header["alg"] == "EdDSA" and header["typ"] == TYP, "the JWS is not of a statement's type")
    key = folder.keys_for("statements").get(header["kid"])
    expect(key, "gateway.jwks has no key of this kid for statements")
    payload = openers.jwcrypto_verify(jws, key)
    expect(openers.joserfc_verify(jws, key) == payload, "two libraries read different payloads")
    statement = parse(payload)
    check_form(statement)
    return statement


def check_form(statement):
    expect(MEMBERS <= set(statement) <= MEMBERS | MAY_HAVE, "the statement has other members than design §5 lists")
    hashes = [statement["sha256"], statement["policy_set"], statement["ledger"]["commitment"]]
    expect(all(HASH.match(text) for text in hashes), "a hash is not 64 lower-case hexadecimal digits")
    expect(TIME.match(statement["accepted_at"]), "accepted_at is not a time in UTC")
    for to in statement["recipients"]:
        expect(set(to) == RECIPIENT, "a recipient has other members than design §5 lists")
        expect(to["policies"] and to["legal_basis"], "a permission does not carry the law it rests on")


def recipient(statement, agency_id, delivery_id=None):
    """The one entry for this agency, and for this delivery where it is known."""
    named = [to for to in statement["recipients"] if to["agency_id"] == agency_id]
    expect(len(named) == 1, "the statement does not name this agency once as recipient")
    if delivery_id is not None:
        expect(named[0]["delivery_id"] == delivery_id, "the statement names another delivery")
    return named[0]


def check_message(statement, message, folder):
    """Whether the message is one that was posted, and the one that the statement is about."""
    content = parse(message)
    own = content["type"] in OWN_REPORTS and content["sender"] == {"agency_id": "gateway"}
    if statement["view"] is None:
        expect(own or folder.sent_as(message), "the message equals no file in sent byte for byte")
    else:
        check_view(statement, message, folder)
    expect(statement["sha256"] == sha256_hex(message), "sha256 is not that of the message")
    expect(statement["bytes"] == len(message), "bytes is not the length of the message")
    for name in ("message_id", "type", "schema_version", "area"):
        expect(statement[name] == content[name], f"{name} is not that of the message")
    expect(statement["sender"] == {"agency_id": content["sender"]["agency_id"]}, "another sender")
    listed = [{"sha256": one["sha256"], "bytes": one["bytes"]} for one in content["attachments"]]
    expect(statement["attachments"] == listed, "the attachments are not those of the message")


def check_view(statement, message, folder):
    """Whether a view is a posted message with exactly the stated gaps, and nothing written anew."""
    gaps = statement["view"]["removed"]
    expect(gaps, "the statement tells of a view that leaves nothing out")
    for gap in gaps:
        expect(set(gap) == {"pointer", "reason", "hash"} and HASH.match(gap["hash"]), "a gap of another form")
    posted = [sent for sent in folder.sent if parse(sent.bytes).get("message_id") == statement["message_id"]]
    expect(posted, "it is a view of no file in sent")
    whole = parse(posted[0].bytes)
    # Later entries of a list first, so that the others keep their numbers.
    for gap in sorted(gaps, key=lambda gap: steps(gap["pointer"]), reverse=True):
        *way, last = steps(gap["pointer"])
        place = whole
        for step in way:
            place = place[step]
        del place[last]
    expect(parse(message) == whole, "the view is not the posted message without what is stated as removed")
    left = iter(posted[0].bytes)
    expect(all(byte in left for byte in message), "the view holds bytes that were not posted")


def steps(pointer):
    """A JSON Pointer as keys and numbers."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
    return [int(name) if name.isdigit() else name for name in names]


def attachment_numbers(statement):
    """The numbers that the view's attachments have in the full text: their segments bear them."""
    withheld = {gap["pointer"] for gap in (statement["view"] or {"removed": []})["removed"]}
    kept = (n for n in range(len(withheld) + len(statement["attachments"])) if f"/attachments/{n}" not in withheld)
    return [n for n, _ in zip(kept, statement["attachments"])]


def check_keys(report, folder):
    """Whether each published key has one purpose, and no private part."""
    check = report.check("gateway.jwks: each key public, with one purpose", least=3)
    with check.item("gateway.jwks"):
        purposes = {key.get("purpose") for key in folder.published}
        expect({"statements", "webhooks", "checkpoints", "smime"} <= purposes, "a purpose has no key")
        numbers = {key.get("n") or key["x"] for key in folder.published}
        expect(len(numbers) == len(folder.published), "two keys are the same")
    for key in folder.published:
        with check.item(f"gateway.jwks {key.get('purpose')}"):
            expect("d" not in key, "a private key was published")
            if key.get("purpose") not in {"statements", "webhooks", "checkpoints"}:
                continue
            if (key["kty"], key["crv"]) != ("OKP", "Ed25519"):
                raise Wrong("not an Ed25519 key")
