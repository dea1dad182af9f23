"""The plan as papers: a PDF, a calendar, a picture, and a draft for the authority's form.

Pure: a plan and its facts in, bytes or text out. No clock, no network, no file written. A plan is
drawn in the locale it was made in.
"""

from bot.permits.papers.document import plan_pdf
from bot.permits.papers.ics import plan_ics
from bot.permits.papers.names import MEDIA_TYPES, Paper, file_name
from bot.permits.papers.notification import notification_text
from bot.permits.papers.timeline import timeline_png, timeline_svg, timeline_text

__all__ = [
    "MEDIA_TYPES",
    "Paper",
    "file_name",
    "notification_text",
    "plan_ics",
    "plan_pdf",
    "timeline_png",
    "timeline_svg",
    "timeline_text",
]
