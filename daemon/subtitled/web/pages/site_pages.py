"""All pages about the work of the daemon, with the row of each in the role table."""

from __future__ import annotations

from starlette.routing import BaseRoute

from ..auth.accounts import Accounts
from .actions import FileActions
from .coverage import CoveragePage
from .engine_errors import EngineErrorsPage
from .file import FilePage
from .files import FilesPage
from .glossary import GlossaryPage
from .health import HealthPage
from .history import HistoryPage
from .now import NowPage
from .pauses import PauseActions
from .review import ReviewPage
from .review_access import ReviewSite
from .review_approval import ReviewApproval
from .review_edits import ReviewEdits
from .review_notes import ReviewNotes
from .review_passages import ReviewPassages
from .review_queue import ReviewQueue
from .review_tools import ReviewTools
from .services import SiteServices
from .settings import SettingsPage
from .spending import SpendingPage
from .terms import TermPages
from .upgrades import UpgradesPage
from .users import UsersPage
from .withdrawal import WithdrawalPage


def site_routes(services: SiteServices, accounts: Accounts) -> list[BaseRoute]:
    """Return the routes of the pages."""
    review_site = ReviewSite.of(services)
    review_page = ReviewPage(review_site)
    return [
        *NowPage(services).routes(),
        *FilesPage(services).routes(),
        *FilePage(services).routes(),
        *WithdrawalPage(services).routes(),
        *FileActions(services).routes(),
        *CoveragePage(services).routes(),
        *UpgradesPage(services).routes(),
        *HistoryPage(services).routes(),
        *PauseActions(services).routes(),
        *HealthPage(services).routes(),
        *SpendingPage(services).routes(),
        *GlossaryPage(services).routes(),
        *ReviewQueue(review_site).routes(),
        *review_page.routes(),
        *ReviewEdits(review_site, review_page).routes(),
        *ReviewApproval(review_site).routes(),
        *ReviewTools(review_site).routes(),
        *ReviewPassages(review_site).routes(),
        *ReviewNotes(review_site).routes(),
        *TermPages(review_site).routes(),
        *EngineErrorsPage(services).routes(),
        *SettingsPage(services).routes(),
        *UsersPage(services, accounts).routes(),
    ]
