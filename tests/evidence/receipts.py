"""Receipts: `receipts/<message_id>.json`, the answer to each accepted post (design §5).

A receipt is the statement of the full text plus, for each recipient, the hash of the statement of its
view. Every delivery that a receipt promises must be in the evidence, by the channel that it names.
"""

import statement
from folder import parse, sha256_hex
from report import expect

WAYS = {"mailbox": "inbox", "webhook": "push", "email": "mail"}
FOUR_TYPES = {"notification", "referral", "meeting_pack", "minutes"}


def check(report, folder, delivered):
    """Checks all receipts against what was posted and delivered; gives their statements by message."""
    signed = report.check("receipts: statements verify and are about what was posted")
    hashed = report.check("receipts: statement_sha256 is that of what each recipient got")
    kept = report.check("receipts: every delivery promised is in the evidence")
    stated = {}
    for path in folder.files("receipts", "*.json"):
        where = folder.name(path)
        receipt = {}
        with signed.item(where):
            receipt = parse(path.read_bytes())
            stated[path.stem] = check_statement(receipt, path.stem, folder)
        for to in receipt.get("recipients", []):
            label = f"{where}, {to['agency_id']}"
            copies = [one for one in delivered if one.delivery_id == to["delivery_id"]]
            with kept.item(label):
                ways = {one.way for one in copies}
                expect(WAYS[to["channel"]] in ways, f"there is no copy of this delivery by {to['channel']}")
            for got in copies:
                with hashed.item(f"{label}, {got.where}"):
                    check_copy(to, got, stated.get(path.stem))
    check_types(report.check("receipts: at least one of each of the four types"), folder, stated)
    return stated


def check_statement(receipt, message_id, folder):
    stated = statement.verify(receipt["statement"], folder)
    posted = [sent for sent in folder.sent if sha256_hex(sent.bytes) == stated["sha256"]]
    expect(posted, "it is about no file in sent")
    statement.check_message(stated, posted[0].bytes, folder)
    expect(stated["message_id"] == receipt["message_id"] == message_id, "another message_id")
    expect(stated["accepted_at"] == receipt["accepted_at"], "another time")
    # Who got a view with gaps stands in the statement of that view.
    full = sha256_hex(receipt["statement"].encode())
    of_full = [to for to in receipt["recipients"] if to["statement_sha256"] == full]
    of_receipt = {(to["agency_id"], to["delivery_id"], to["channel"]) for to in of_full}
    of_statement = {(to["agency_id"], to["delivery_id"], to["channel"]) for to in stated["recipients"]}
    expect(of_receipt == of_statement, "receipt and statement name other recipients")
    expect(all("withheld" not in to for to in of_full), "something is withheld from who got the full text")
    return stated


def check_copy(to, got, stated):
    """Whether the copy is the one that the receipt's entry `to` tells of."""
    expect(to["statement_sha256"] == sha256_hex(got.jws.encode()), "another statement")
    expect(to["agency_id"] == got.agency_id and to["channel"] == got.channel, "another recipient")
    expect(stated, "the receipt is not sound")
    gaps = (got.statement["view"] or {"removed": []})["removed"]
    told = [(gap["pointer"], gap["reason"]) for gap in to.get("withheld", [])]
    expect(told == [(gap["pointer"], gap["reason"]) for gap in gaps], "the receipt tells of other gaps")
    expect(got.statement["sender"] == stated["sender"], "another sender's message")


def check_types(check, folder, stated):
    accepted = {one["type"] for one in stated.values()}
    for name in sorted(FOUR_TYPES):
        with check.item(name):
            expect(name in accepted, "none was accepted")
