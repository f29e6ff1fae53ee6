"""Attachments for systems: `inbox/<agency>/<delivery>.att<n>`, newline-separated compact JWEs (design §5).

Order and end are authenticated by the `kid` of each segment. What they hold must be what the statement
lists and what the sample messages attach.
"""

import openers
import statement
from folder import REPOSITORY, b64u, parse, sha256_hex
from report import Wrong, expect

SEGMENT_BYTES = 1 << 20


def check(report, folder, copies, others):
    """Opens every attachment of every collected copy."""
    complete = report.check("attachments: each one that a copy has a key for was collected, and no other")
    ordered = report.check("attachments: segments in order, the last one marked")
    opened = report.check("attachments: open with jwcrypto and joserfc, as stated and as attached")
    stranger = report.check("attachments: another attachment's key does not open them")
    known = {sha256_hex(file.read_bytes()) for file in (REPOSITORY / "tests/messages/attachments").iterdir()}
    jobs = []
    for copy in copies:
        keys = copy.content.get("attachments", [])
        found = {path.name for path in copy.path.parent.glob(f"{copy.delivery_id}.att*")}
        if keys or found:
            with complete.item(copy.where):
                wanted = {f"{copy.delivery_id}.att{n}" for n in range(len(keys))}
                expect(wanted == found, f"{len(keys)} are stated, {len(found)} were collected")
        numbers = statement.attachment_numbers(copy.delivered.statement) if copy.delivered else range(len(keys))
        for n, given in enumerate(keys):
            path = copy.path.with_name(f"{copy.delivery_id}.att{n}")
            where = folder.name(path)
            if not path.exists():
                continue
            lines = path.read_text().split("\n")
            with ordered.item(where):
                check_order(lines, numbers[n])
            with opened.item(where):
                check_digest(lines, given, copy, n, known)
            other = keys[n - 1]["key"] if len(keys) > 1 else {"kty": "oct", "k": "A" * 43}
            with stranger.item(where):
                check_stranger(lines[0], other)
            jobs.append((where, given["sha256"], {"lines": str(path), "key": given["key"]}))
    for other in others:
        check_other(report, other, jobs)


def check_order(lines, n):
    *lines, rest = lines
    expect(rest == "", "the file does not end with a line feed")
    expect(lines, "there is no segment")
    for segment, line in enumerate(lines):
        end = "/last" if segment == len(lines) - 1 else ""
        header = parse(b64u(line.split(".")[0]))
        wanted = {"alg": "dir", "enc": "A256GCM", "kid": f"{n}/{segment}{end}"}
        expect(header == wanted, f"segment {segment} has another header")


def check_digest(lines, given, copy, n, known):
    plaintext = b""
    lines = lines[:-1]
    for line in lines:
        segment = openers.jwcrypto_open(line, given["key"])
        expect(openers.joserfc_open_compact(line, given["key"]) == segment, "two libraries read differently")
        full = len(segment) == SEGMENT_BYTES or line is lines[-1]
        expect(full, "a segment before the last is not of 1 MiB")
        plaintext += segment
    stated = copy.delivered and copy.delivered.statement["attachments"][n]
    expect(stated, "the copy has no sound statement")
    expect(given["sha256"] == stated["sha256"] == sha256_hex(plaintext), "another digest than stated")
    expect(stated["bytes"] == len(plaintext), "another length than stated")
    expect(stated["sha256"] in known, "not one of tests/messages/attachments")


def check_stranger(line, key):
    try:
        openers.jwcrypto_open(line, key)
    except openers.jwcrypto.jwe.InvalidJWEData:
        return
    raise Wrong("it opens")


def check_other(report, reader, jobs):
    title = f"attachments: open with {reader.name}"
    if reader.missing:
        report.leave_out(title, reader.missing)
        return
    opened = report.check(title)
    answers = reader.ask([job for _, _, job in jobs])
    for (where, sha256, _), answer in zip(jobs, answers, strict=True):
        with opened.item(where):
            expect("fault" not in answer, answer.get("fault"))
            expect(answer["sha256"] == sha256, "another digest than stated")
