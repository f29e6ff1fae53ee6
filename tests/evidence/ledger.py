"""The ledger: `ledger/checkpoint`, `vkey`, `entries.ndjson`, `tile/…` and `proofs/<message_id>.json`.

Everything is recomputed from the entries: commitments, root, tiles. The bundles are checked as an auditor
would who has nothing but the verifier key.
"""

import json
import re

import merkle
import openers
from folder import b64u, parse
from report import Wrong, expect

HASH = re.compile(r"[0-9a-f]{64}\Z")
EVENT = re.compile(r"[a-z]+\.[a-z_]+\Z")
BUNDLE = {"commitment", "index", "inclusion_path", "checkpoint", "event", "salt"}


def unhex(text):
    expect(HASH.match(text), "not 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)


def check(report, folder, stated, delivered):
    """`stated` are the statements of the receipts by message, `delivered` what recipients had."""
    path = folder.path / "ledger"
    vkey = checkpoint = None
    noted = report.check("ledger: the checkpoint is signed by the key that vkey and gateway.jwks name", least=2)
    with noted.item("ledger/vkey"):
        vkey = merkle.VerifierKey.parse((path / "vkey").read_text())
        published = [b64u(key["x"]) for key in folder.keys_for("checkpoints").values()]
        expect(vkey.public in published, "gateway.jwks has no such key for checkpoints")
    with noted.item("ledger/checkpoint"):
        expect(vkey, "there is no verifier key")
        checkpoint = merkle.Checkpoint.open((path / "checkpoint").read_text(), vkey)
    leaves = check_entries(report, path)
    check_root(report, path, checkpoint, leaves)
    check_bundles(report, folder, vkey, leaves, stated)
    check_audit(report, folder)
    committed = report.check("ledger: the commitment of every statement is a leaf, of this gateway")
    for one in delivered:
        with committed.item(one.where):
            expect(unhex(one.statement["ledger"]["commitment"]) in leaves, "it is none")
            expect(vkey and one.statement["gateway"] == vkey.name, "the log is another gateway's")


def check_entries(report, path):
    """The leaves' data in their order."""
    check = report.check("ledger: each entry's commitment is that of its salt and canonical event")
    leaves = []
    for number, line in enumerate((path / "entries.ndjson").read_text().splitlines()):
        with check.item(f"ledger/entries.ndjson, line {number + 1}"):
            entry = parse(line)
            leaves.append(unhex(entry["commitment"]))
            expect(entry["index"] == number, "the index is not the line's")
            # Once an event is erased, its commitment stands alone.
            if entry.get("event") is not None:
                expect(merkle.commitment(unhex(entry["salt"]), entry["event"]) == leaves[-1], "another commitment")
                expect(entry["event"]["v"] == 1 and EVENT.match(entry["event"]["type"]), "not an event")
    return leaves


def check_audit(report, folder):
    """Persons and justifications stand in the ledger for the area's auditor only, who has `audit/<area>.jwk`."""
    keys = {path.stem: parse(path.read_bytes()) for path in folder.files("audit", "*.jwk")}
    title = "ledger: the area's audit key opens persons and justifications, as posted"
    if not keys:
        report.leave_out(title, "there are no audit keys")
        return
    check = report.check(title)
    posted = {sent.json.get("message_id"): sent.json for sent in folder.sent}
    for file in folder.files("ledger/proofs", "*.json"):
        with check.item(folder.name(file)):
            event = parse(file.read_bytes())["event"]
            told = parse(openers.jwcrypto_open(json.dumps(event["audit"]), keys[event["area"]]))
            message = posted[event["message_id"]]
            expect(told["person"] == message["sender"]["person"], "another person")
            expect(told["justification"] == message.get("justification"), "another justification")
            for name in ("agency_id", "justification", "strict_necessity", "attention"):
                given = [one.get(name) for one in message["recipients"]]
                expect([one.get(name) for one in told["recipients"]] == given, f"another {name}")


def check_root(report, path, checkpoint, leaves):
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    same = report.check("ledger: the entries give the root that the checkpoint signs")
    with same.item("ledger/checkpoint"):
        expect(checkpoint, "there is no sound checkpoint")
        expect(checkpoint.size == len(hashes), f"{checkpoint.size} leaves are signed, {len(hashes)} are there")
        expect(checkpoint.root == merkle.root(hashes), "another root")
    check = report.check("ledger: the tiles are those of the entries")
    wanted = merkle.tiles(hashes)
    found = {str(file.relative_to(path / "tile")) for file in path.glob("tile/**/*") if file.is_file()}
    for name in sorted(found | set(wanted)):
        with check.item(f"ledger/tile/{name}"):
            expect(name in found, "it is missing")
            content = (path / "tile" / name).read_bytes()
            # A narrower tile of an earlier tree may have been kept.
            whole = name.partition(".p/")[0]
            now = next((wanted[other] for other in wanted if other.partition(".p/")[0] == whole), b"")
            expect(len(content) and now.startswith(content), "other hashes")
            width = name.partition(".p/")[2] or merkle.TILE_WIDTH
            expect(len(content) == 32 * int(width), "another width than its name says")


def check_bundles(report, folder, vkey, leaves, stated):
    there = report.check("proofs: a bundle for every receipt")
    proven = report.check("proofs: event, commitment, path and checkpoint hold")
    linked = report.check("proofs: event and statement commit to each other")
    for message_id in sorted(stated):
        with there.item(f"receipts/{message_id}.json"):
            expect((folder.path / f"ledger/proofs/{message_id}.json").exists(), "there is no bundle")
    for file in folder.files("ledger/proofs", "*.json"):
        with proven.item(folder.name(file)):
            expect(vkey, "there is no verifier key")
            check_bundle(parse(file.read_bytes()), vkey, leaves)
        with linked.item(folder.name(file)):
            check_linked(parse(file.read_bytes()), file.stem, folder, stated)


def check_bundle(bundle, vkey, leaves):
    expect(BUNDLE <= set(bundle) <= BUNDLE | {"receipt"}, "other members than a bundle's")
    committed = unhex(bundle["commitment"])
    event = merkle.commitment(unhex(bundle["salt"]), bundle["event"])
    expect(event == committed, "the event does not fit the commitment")
    checkpoint = merkle.Checkpoint.open(bundle["checkpoint"], vkey)
    path = [unhex(text) for text in bundle["inclusion_path"]]
    reached = merkle.root_of_path(merkle.leaf_hash(committed), bundle["index"], checkpoint.size, path)
    expect(reached == checkpoint.root, "the path does not lead to the signed root")
    # The log only grows: the tree that the bundle shows is the beginning of the one that is there now.
    earlier = [merkle.leaf_hash(leaf) for leaf in leaves[: checkpoint.size]]
    expect(len(earlier) == checkpoint.size, "its checkpoint is larger than the log")
    expect(merkle.root(earlier) == checkpoint.root, "the log has been rewritten since")


def check_linked(bundle, message_id, folder, stated):
    event = bundle["event"]
    expect(event["type"] == "message.accepted" and event["message_id"] == message_id, "another event")
    if message_id not in stated:
        raise Wrong("there is no sound receipt of this message")
    payload = dict(stated[message_id])
    committed = payload.pop("ledger")["commitment"]
    expect(committed == bundle["commitment"], "the statement names another commitment")
    expect(payload in event["statements"], "the event does not hold the statement")
    receipt = folder.path / f"receipts/{message_id}.json"
    if "receipt" in bundle:
        expect(bundle["receipt"] == parse(receipt.read_bytes()), "another receipt")
