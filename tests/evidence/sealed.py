"""Sealed copies for systems: `inbox/<agency>/<delivery>.jwe`, and the bodies of pushes (design §5).

Each must open with its own agency's key by every reader that has its profile and with nobody else's, must hold exactly what
the design lists, and must show nothing to those who cannot open it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import openers
import statement
from folder import b64u, parse, sha256_hex
from report import Wrong, expect

OUTER = {"protected", "header", "encrypted_key", "aad", "iv", "ciphertext", "tag"}
PROTECTED = {"enc", "typ", "cty"}
HEADERS = {
    "P-256": {"alg", "kid", "epk", "apu", "apv"},
    "X25519": {"alg", "kid", "epk", "apu", "apv"},
    "X-Wing": {"alg", "kid", "ek"},
}
EPKS = {"P-256": {"kty", "crv", "x", "y"}, "X25519": {"kty", "crv", "x"}}
CTY = "application/portcullis-sealed+json"
# What is pushed stays in the inbox as well (design §10).
CHANNELS = {"inbox": {"mailbox", "webhook"}, "push": {"webhook"}}
CONTENT = {"statement", "message", "attachments"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass
class Copy:
    """A flattened JWE as it was collected or pushed."""

    where: str
    path: Path
    agency: object
    delivery_id: str
    way: str
    text: str
    # What was found on opening it.
    plaintext: bytes = None
    content: dict = field(default_factory=dict)
    delivered: statement.Delivered = None


def check_inboxes(report, folder, others):
    """Checks the copies in all inboxes; gives them."""
    copies = []
    for path in folder.files("inbox", "*/*.jwe"):
        agency = folder.agencies.get(path.parent.name)
        copies.append(Copy(folder.name(path), path, agency, path.stem, "inbox", path.read_text()))
    check(report, folder, copies, others, "inbox")
    return copies


def check(report, folder, copies, others, what):
    """All checks of some copies; fills in what they hold."""
    check_outside(report.check(f"{what}: only registered headers outside, nothing personal"), folder, copies)
    check_opens(report, copies, others, what)
    check_nobody_else(report.check(f"{what}: no other agency's key opens them"), folder, copies)
    check_content(report.check(f"{what}: exactly the members of the design"), copies)
    check_message(report.check(f"{what}: statement and message agree, byte for byte as posted"), folder, copies)


def check_outside(check, folder, copies):
    for copy in copies:
        with check.item(copy.where):
            outer = parse(copy.text)
            protected = b64u(outer["protected"])
            expect(set(outer) == OUTER, "other members than those of a flattened JWE")
            expect(set(parse(protected)) == PROTECTED, "protected holds other members than enc, typ and cty")
            expect(parse(protected)["cty"] == CTY, "another cty")
            expect(re.fullmatch(rb"[!-~]+", protected), "protected is not compact ASCII")
            check_header(profile(copy), outer["header"])
            aad = parse(b64u(outer["aad"]))
            expect(set(aad) == {"message_id"} and UUID.match(aad["message_id"]), "aad is not a message_id")
            readable = copy.text.encode() + protected + b64u(outer["aad"])
            readable += b64u(outer["header"].get("apu", "")) + b64u(outer["header"].get("apv", ""))
            shown = any(ref.encode() in readable for ref in folder.case_refs())
            expect(not shown, "a case_ref can be read from outside")


def profile(copy):
    """The profile that a copy is sealed by, named for its kind of key."""
    epk = parse(copy.text)["header"].get("epk")
    return epk["crv"] if epk else "X-Wing"


def check_header(kind, header):
    expect(set(header) == HEADERS.get(kind), "header holds other members than its profile has")
    if kind == "X-Wing":
        return
    expect(set(header["epk"]) == EPKS[kind], "epk holds other members than a public key's")
    expect(b64u(header["apv"]).decode() == header["kid"], "apv is not the kid")


def check_opens(report, copies, others, what):
    """Each profile by each reader that has it: the interop matrix, one line for each cell."""
    for kind in HEADERS:
        ours = [copy for copy in copies if profile(copy) == kind]
        if not ours:
            report.leave_out(f"{what}: {kind} opens", "no copy was sealed by this profile")
        elif kind == "X-Wing":
            by_reader(report.check(f"{what}: X-Wing opens with cryptography"), ours, openers.hpke_open)
            for reader in ("jwcrypto", "joserfc", *(other.name for other in others)):
                report.leave_out(f"{what}: X-Wing opens with {reader}", "it has no HPKE")
        else:
            by_reader(report.check(f"{what}: {kind} opens with jwcrypto"), ours, openers.jwcrypto_open)
            by_reader(report.check(f"{what}: {kind} opens with joserfc"), ours, openers.joserfc_open)
            for other in others:
                by_process(report, f"{what}: {kind} opens with {other.name}", ours, other)


def by_reader(check, copies, reader):
    for copy in copies:
        with check.item(copy.where):
            plaintext = reader(copy.text, own_key(copy))
            expect(copy.plaintext in (None, plaintext), "other plaintext")
            copy.plaintext = plaintext


def by_process(report, title, copies, reader):
    if reader.missing:
        report.leave_out(title, reader.missing)
        return
    check = report.check(title)
    ours = [copy for copy in copies if copy.agency and copy.agency.enc_jwk]
    # A push is kept with its HTTP head; its body has been written beside it for this.
    answers = reader.ask([{"file": str(copy.path), "key": copy.agency.enc_jwk} for copy in ours])
    for copy, answer in zip(ours, answers, strict=True):
        with check.item(copy.where):
            expect("fault" not in answer, answer.get("fault"))
            same = copy.plaintext is not None and answer["sha256"] == sha256_hex(copy.plaintext)
            expect(same, "other plaintext")


def own_key(copy):
    if copy.agency is None or copy.agency.enc_jwk is None:
        raise Wrong("there is no private key of this agency")
    return copy.agency.enc_jwk


def check_nobody_else(check, folder, copies):
    for copy in copies:
        for other in folder.agencies.values():
            if other is copy.agency or other.enc_jwk is None:
                continue
            with check.item(f"{copy.where} and {other.agency_id}"):
                expect(not opens_for(copy, other.enc_jwk), "it opens")


def opens_for(copy, jwk):
    """Whether a copy opens for a key of any kind; one of another kind than its wrap cannot be tried."""
    post_quantum = jwk["kty"] == "AKP"
    if post_quantum != (profile(copy) == "X-Wing"):
        return False
    try:
        (openers.hpke_open if post_quantum else openers.jwcrypto_open)(copy.text, jwk)
    except (openers.jwcrypto.jwe.InvalidJWEData, openers.InvalidTag):
        return False
    return True


def check_content(check, copies):
    for copy in copies:
        with check.item(copy.where):
            expect(copy.plaintext is not None, "it did not open")
            content = parse(copy.plaintext)
            expect(set(content) == CONTENT, "other members than statement, message and attachments")
            for one in content["attachments"]:
                expect(set(one) == {"sha256", "key"}, "an attachment has other members than sha256 and key")
                expect(set(one["key"]) == {"kty", "k"}, "a key has other members than kty and k")
                expect(one["key"]["kty"] == "oct" and len(b64u(one["key"]["k"])) == 32, "not a key of 256 bits")
            copy.content = content


def check_message(check, folder, copies):
    for copy in copies:
        with check.item(copy.where):
            expect(copy.content, "it did not open")
            message = copy.content["message"].encode()
            stated = statement.verify(copy.content["statement"], folder)
            statement.check_message(stated, message, folder)
            to = statement.recipient(stated, copy.agency.agency_id, copy.delivery_id)
            expect(to["channel"] in CHANNELS[copy.way], "the statement names another channel")
            outer = parse(copy.text)
            expect(parse(b64u(outer["aad"]))["message_id"] == stated["message_id"], "aad names another message")
            apu = outer["header"].get("apu")
            expect(apu is None or b64u(apu).decode() == stated["gateway"], "apu is not the gateway")
            digests = [one["sha256"] for one in copy.content["attachments"]]
            expect(digests == [one["sha256"] for one in stated["attachments"]], "keys for other attachments")
            copy.delivered = statement.Delivered(
                copy.where, copy.way, copy.agency.agency_id, copy.delivery_id, to["channel"],
                copy.content["statement"], stated, message,
            )  # fmt: skip
