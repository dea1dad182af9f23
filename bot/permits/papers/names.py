"""What the papers are called when somebody saves them."""

from __future__ import annotations

from enum import StrEnum

from bot.permits.papers.words import paper_words


class Paper(StrEnum):
    """The papers there are."""

    PDF = "pdf"
    PDF_LARGE = "pdf_large"
    ICS = "ics"
    SVG = "svg"
    PNG = "png"
    TXT = "txt"


# For the Content-Type of a download.
MEDIA_TYPES = {
    Paper.PDF: "application/pdf",
    Paper.PDF_LARGE: "application/pdf",
    Paper.ICS: "text/calendar; charset=utf-8",
    Paper.SVG: "image/svg+xml",
    Paper.PNG: "image/png",
    Paper.TXT: "text/plain; charset=utf-8",
}


def file_name(kind: str, locale: str) -> str:
    """Return a paper's file name in a locale, in ASCII, with its ending.

    Raises:
        DataError: There are no texts in that locale.
        ValueError: There is no such paper.
    """
    return paper_words(locale).phrase("files", Paper(kind))
