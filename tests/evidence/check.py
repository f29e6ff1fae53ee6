#!/usr/bin/env python3
"""Checks what `portcullis demo --once --dir DIR` leaves, with other people's software only.

Usage: check.py DIR

In: the folder that design §9 lays out. Out: a line for each check with counts, at the end
`evidence: N passed, N failed`; exit code 0 only if nothing failed. Needs the packages in
requirements.txt, the `openssl` program, and for its checks with Node the environment variable
PORTCULLIS_JOSE, a folder whose node_modules hold the package jose; `tests/run` sets all that up. A JDK of 17
or later takes part where there is one.
"""

import sys

import attachments
import canary
import ledger
import mail
import openers
import receipts
import refused
import sealed
import statement
import webhook
from folder import Folder
from report import Report


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    report, others = Report(), [openers.Node(), openers.Jdk()]
    folder = report.attempt(arguments[0], None, Folder, arguments[0])
    if folder:
        check_all(report, folder, others)
    return 0 if report.print() else 1


def check_all(report, folder, others):
    attempt = report.attempt
    attempt("gateway.jwks", None, statement.check_keys, report, folder)
    inbox = attempt("inbox", [], sealed.check_inboxes, report, folder, others)
    attempt("attachments", None, attachments.check, report, folder, inbox, others)
    pushes = attempt("webhook", [], webhook.check, report, folder, others)
    delivered = [copy.delivered for copy in [*inbox, *pushes] if copy.delivered]
    delivered += attempt("mail", [], mail.check, report, folder)
    stated = attempt("receipts", {}, receipts.check, report, folder, delivered)
    attempt("ledger", None, ledger.check, report, folder, stated, delivered)
    attempt("canaries", None, canary.check, report, folder)
    attempt("refused", None, refused.check, report, folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
