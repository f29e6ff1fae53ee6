"""Sealed mail: `mail/<n>.eml`, as a mail server received it (design §5, RFC 8551).

Opened and verified by the `openssl` program with the recipient's certificate and key and the evidence's
authority. Inside stands the message byte for byte; outside stands nothing that tells of it.
"""

import email
import email.policy
import re
import subprocess
import tempfile
from email.utils import parsedate_to_datetime
from pathlib import Path

from cryptography import x509

import statement
import vocabulary
from folder import parse, sha256_hex, strings
from report import Wrong, expect

OUTER = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding", "content-disposition",
}  # fmt: skip
SUBJECT = re.compile(r"(OFFICIAL(?:-SENSITIVE)?): ([A-Za-z -]{3,40}) ([0-9A-Z]{4}-[0-9A-Z]{4})\Z")
# AuthEnvelopedData for the profiles with GCM (RFC 8551 §3.2.2).
ENVELOPED = re.compile(r'application/pkcs7-mime; *smime-type="?(enveloped|authEnveloped)-data"?;')
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Mail:
    """One mail, and what was found on opening it."""

    def __init__(self, folder, path):
        self.where = folder.name(path)
        self.path = path
        self.bytes = path.read_bytes()
        self.outer = email.message_from_bytes(self.bytes, policy=email.policy.default)
        self.head = self.bytes.partition(b"\r\n\r\n")[0]
        self.agency = next((one for one in folder.agencies.values() if takes(one, self.outer["to"])), None)
        self.signed = None
        self.parts = []
        self.delivered = None

    def part(self, name):
        found = [part for part in self.parts if part.get_filename() == name]
        expect(len(found) == 1, f"there is not one {name}")
        return found[0].get_payload(decode=True)


def takes(agency, address):
    """Whether the agency's mail certificate names the address."""
    return agency.takes_mail and address in addresses(agency.path / "smime.crt")


def addresses(path):
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.RFC822Name)


def check(report, folder):
    """All checks of all mails; gives what they delivered."""
    mails = []
    readable = report.check("mail: each to an agency's own certificate")
    for path in folder.files("mail", "*.eml"):
        with readable.item(folder.name(path)):
            mails.append(Mail(folder, path))
            expect(mails[-1].agency, "no agency's certificate names the recipient")
    check_outside(report.check("mail: neutral outside, only marking, type and reference in the subject"), folder, mails)
    decrypted = report.check("mail: opens with openssl cms and the recipient's key")
    verified = report.check("mail: signed by the gateway under the evidence's authority")
    for mail in mails:
        with decrypted.item(mail.where):
            mail.signed = decrypt(mail.path, mail.agency)
        with verified.item(mail.where):
            verify(mail, folder)
    check_nobody_else(report.check("mail: no other agency's key opens it"), folder, mails)
    check_inside(report, folder, mails)
    return [mail.delivered for mail in mails if mail.delivered]


def check_outside(check, folder, mails):
    public = vocabulary.public_text()
    private = {value.casefold() for sent in folder.sent for value in names(sent.json) if value not in public}
    for mail in mails:
        with check.item(mail.where):
            found = {name.lower() for name in mail.outer.keys()}
            expect(found <= OUTER, f"a header that is not neutral: {', '.join(sorted(found - OUTER))}")
            expect(len(mail.outer.keys()) == len(found), "a header stands twice")
            kind = mail.outer["content-type"]
            expect(ENVELOPED.match(kind), "not enveloped data")
            expect(SUBJECT.match(mail.outer["subject"]), "the subject is not marking, type and reference")
            head = mail.head.decode("ascii").casefold()
            shown = any(ref.casefold() in head for ref in folder.case_refs())
            expect(not shown, "a case_ref stands outside")
            expect(not any(name in head for name in private), "a name out of a message stands outside")


def names(message):
    """What persons are called in a message."""
    for pointer, value in strings(message):
        if "name" in pointer.rpartition("/")[2] and len(value) >= 4:
            yield value


def openssl(*arguments):
    """What `openssl cms` prints; `None` if it refuses."""
    done = subprocess.run(["openssl", "cms", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else None


def decrypt(path, agency):
    expect(agency, "nobody to open it")
    key, certificate = agency.path / "smime.key", agency.path / "smime.crt"
    plain = openssl("-decrypt", "-in", path, "-recip", certificate, "-inkey", key)
    expect(plain, "openssl does not decrypt it")
    return plain


def verify(mail, folder):
    """Verifies at the time that the mail bears, so that evidence can be looked at long after."""
    expect(mail.signed, "it did not open")
    at = int(parsedate_to_datetime(mail.outer["date"]).timestamp())
    with tempfile.TemporaryDirectory() as scratch:
        signed, signer = Path(scratch) / "signed.eml", Path(scratch) / "signer.crt"
        signed.write_bytes(mail.signed)
        entity = openssl(
            "-verify", "-binary", "-purpose", "smimesign", "-attime", str(at),
            "-in", signed, "-CAfile", folder.ca, "-signer", signer,
        )  # fmt: skip
        expect(entity, "openssl does not verify it")
        expect(mail.outer["from"] in addresses(signer), "signed for another address than the sender's")
    mail.parts = list(email.message_from_bytes(entity, policy=email.policy.default).iter_parts())


def check_nobody_else(check, folder, mails):
    for mail in mails:
        for other in folder.agencies.values():
            if other is mail.agency or not other.takes_mail:
                continue
            with check.item(f"{mail.where} and {other.agency_id}"):
                arguments = ("-inkey", other.path / "smime.key", "-recip", other.path / "smime.crt")
                expect(openssl("-decrypt", "-in", mail.path, *arguments) is None, "it opens")
                # Told no certificate, openssl tries every wrap, and gives noise where none fits.
                plain = openssl("-decrypt", "-in", mail.path, *arguments[:2])
                expect(plain is None or plain != mail.signed, "it opens")


def check_inside(report, folder, mails):
    agrees = report.check("mail: message.json byte for byte as posted, statement.jws agrees")
    readable = report.check("mail: a note, and message.txt with every free text of the message")
    enclosed = report.check("mail: attachments as stated")
    for mail in mails:
        with agrees.item(mail.where):
            check_message(mail, folder)
        with readable.item(mail.where):
            check_texts(mail)
        with enclosed.item(mail.where):
            check_attachments(mail)


def check_message(mail, folder):
    expect(mail.parts, "it did not open")
    message = mail.part("message.json")
    jws = mail.part("statement.jws").decode("ascii")
    stated = statement.verify(jws, folder)
    statement.check_message(stated, message, folder)
    to = statement.recipient(stated, mail.agency.agency_id)
    expect(to["channel"] == "email", "the statement names another channel")
    mail.delivered = statement.Delivered(
        mail.where, "mail", mail.agency.agency_id, to["delivery_id"], "email", jws, stated, message
    )
    check_subject(mail.outer["subject"], parse(message), to["delivery_id"])


def check_subject(subject, message, delivery_id):
    marking, title, reference = SUBJECT.match(subject).groups()
    wanted = "OFFICIAL-SENSITIVE" if message["marking"]["sensitive"] else "OFFICIAL"
    expect(marking == wanted, "the subject bears another marking")
    words = set(re.split(r"[ -]", title.lower())) - {"mappa", "report"}
    expect(words == set(message["type"].split("_")), "the subject names another type")
    bits = int(delivery_id.replace("-", ""), 16)
    short = "".join(CROCKFORD[bits >> 5 * place & 31] for place in reversed(range(8)))
    expect(reference == f"{short[:4]}-{short[4:]}", "the reference is not the delivery's")


def check_texts(mail):
    expect(mail.delivered, "it has no sound message")
    first = mail.parts[0]
    expect(first.get_content_type() == "text/plain" and not first.is_attachment(), "no note comes first")
    note = first.get_content()
    expect(SUBJECT.match(mail.outer["subject"]).group(3) in note, "the note lacks the reference")
    expect("://" not in note, "the note has a link")
    text = " ".join(mail.part("message.txt").decode("utf-8").split())
    for pointer, value in strings(parse(mail.delivered.message)["body"], "/body"):
        expect(" ".join(value.split()) in text, f"message.txt lacks {pointer}")


def check_attachments(mail):
    expect(mail.delivered, "it has no sound message")
    own = {"message.json", "message.txt", "statement.jws"}
    files = [part for part in mail.parts[1:] if part.get_filename() not in own]
    stated = mail.delivered.statement["attachments"]
    found = [part.get_payload(decode=True) for part in files]
    listed = [{"sha256": sha256_hex(one), "bytes": len(one)} for one in found]
    if listed != stated:
        raise Wrong(f"{len(stated)} are stated, {len(found)} are enclosed, or they differ")
