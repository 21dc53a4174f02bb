"""Reports of errors that keep all there is: Django's mails with HTML, and a tracker's with every local variable."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from django.views.debug import ExceptionReporter

from django_bigin.testing.leaks import listening


@contextmanager
def reported() -> Iterator[list[str]]:
    """Report every error that is logged with its traceback, and the one that comes out; the tests' own frames aside."""
    reports: list[str] = []
    raised: list[Exception] = []
    with listening() as records:
        try:
            yield reports
        except Exception as error:
            raised.append(error.with_traceback(without_tests(error.__traceback__)))
    for error in raised:
        reports += reports_of(error)
    for record in records:
        reports.append(logging.Formatter().format(record))
        if record.exc_info and record.exc_info[1] is not None:
            reports += reports_of(record.exc_info[1], getattr(record, "request", None))
    assert any("Traceback" in report for report in reports), "nothing was reported"


def reports_of(error: BaseException, request: Any = None) -> list[str]:
    """Return an error as a tracker shows it, and as Django mails it."""
    mailed = ExceptionReporter(request, type(error), error, error.__traceback__, is_email=True)
    posted = repr(dict(request.POST.lists())) + repr(request.body) + repr(request.META) if request is not None else ""
    return [tracked(error), mailed.get_traceback_html(), mailed.get_traceback_text(), posted]


def tracked(error: BaseException | None, seen: tuple[int, ...] = ()) -> str:
    """Return the error and all that it came from, with the local variables of every frame."""
    if error is None or id(error) in seen:
        return ""
    lines, traceback = ["Traceback", repr(error), str(error), *getattr(error, "__notes__", ())], error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if not is_test(traceback):
            lines.append(f"{frame.f_code.co_filename} {frame.f_code.co_name} {dict(frame.f_locals)!r}")
        traceback = traceback.tb_next
    lines += [tracked(cause, (*seen, id(error))) for cause in (error.__cause__, error.__context__)]
    return "\n".join(lines)


def without_tests(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and is_test(traceback):
        traceback = traceback.tb_next
    return traceback


def is_test(traceback: TracebackType) -> bool:
    filename = traceback.tb_frame.f_code.co_filename
    return "/tests/" in filename
