"""What was checked and how it went: one line for each check, with counts.

A check looks at items. It passes if it looked at one at least and nothing was wrong with any of them: a
check that finds nothing to look at has not shown anything. Texts of faults name files and places, never
the values that stand there.
"""

import traceback
from contextlib import contextmanager

FAULTS_SHOWN_MAX = 8


class Wrong(Exception):
    """Something is not as it was promised."""


def expect(condition, what):
    """Raises `Wrong(what)` unless the condition holds."""
    if not condition:
        raise Wrong(what)


class Check:
    """One line of the report."""

    def __init__(self, title, least):
        self.title = title
        self.least = least
        self.looked_at = 0
        self.faults = []

    @contextmanager
    def item(self, label):
        """Counts one item; an exception in the block is its fault and goes no further."""
        self.looked_at += 1
        try:
            yield
        except Wrong as wrong:
            self.faults.append(f"{label}: {wrong}")
        except Exception as fault:  # A library's text may quote what it could not read.
            place = traceback.extract_tb(fault.__traceback__)[-1]
            self.faults.append(f"{label}: {type(fault).__name__} ({place.name}, line {place.lineno})")

    @property
    def passed(self):
        return self.looked_at >= self.least and not self.faults

    def lines(self):
        good = self.looked_at - len(self.faults)
        word = "ok    " if self.passed else "FAILED"
        yield f"{word}  {self.title}: {good} of {self.looked_at}"
        for fault in self.faults[:FAULTS_SHOWN_MAX]:
            yield f"          {fault}"
        if len(self.faults) > FAULTS_SHOWN_MAX:
            yield f"          and {len(self.faults) - FAULTS_SHOWN_MAX} more"
        if self.looked_at < self.least:
            yield f"          at least {self.least} were expected"


class Report:
    """All checks, in the order in which they were named."""

    def __init__(self):
        self.checks = []
        self.left_out = []

    def check(self, title, least=1):
        """A new check that must look at `least` items or more."""
        check = Check(title, least)
        self.checks.append(check)
        return check

    def attempt(self, title, default, function, *arguments):
        """What the function gives; if it breaks off, that is a failed check and `default` is given."""
        check = Check(f"{title}: can be checked at all", 1)
        result = default
        with check.item(title):
            result = function(*arguments)
        if not check.passed:
            self.checks.append(check)
        return result

    def leave_out(self, title, reason):
        """Says that something was not checked."""
        self.left_out.append(f"left out  {title}: {reason}")

    def print(self):
        """Prints the report; gives whether everything passed."""
        for check in self.checks:
            print("\n".join(check.lines()))
        for line in self.left_out:
            print(line)
        passed = sum(check.passed for check in self.checks)
        failed = len(self.checks) - passed
        print(f"evidence: {passed} passed, {failed} failed")
        return failed == 0
