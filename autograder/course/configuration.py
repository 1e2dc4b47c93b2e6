"""nbgrader's settings in a course: `configure` puts the trusted grading in the place of nbgrader's own.

With it `nbgrader autograde`, formgrader's Autograde button and `llm-course grade` all go the same way; `converters`
says which.
"""

import importlib
import sys
from pathlib import Path

import nbgrader
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    LimitOutput,
    OverwriteCells,
)
from traitlets.config import Config

from autograder.nbgrader_bridge.converters import (
    AskAgain,
    HideTests,
    SubmissionExporter,
    ToldGrades,
    TrustedGrade,
    install,
)
from autograder.reporting.scores import TrustedExport

TEMPLATES = Path(__file__).with_name("templates")
"""What stands in the place of single files of nbgrader's templates."""
NBGRADER_TEMPLATES = Path(nbgrader.__file__).with_name("server_extensions") / "formgrader" / "templates"


def configure(config: Config) -> None:
    """Set up an nbgrader course folder; called from its nbgrader_config.py."""
    install()
    config.ExportApp.plugin_class = TrustedExport
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.sanitize_preprocessors = [OverwriteCells, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        TrustedGrade,
        LimitOutput,
        AskAgain,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    show_harmless_pages(config)
    config.GenerateFeedback.preprocessors = [ToldGrades, HideTests, CSSHTMLHeaderPreprocessor]
    if "nbgrader.server_extensions.formgrader.handlers" in sys.modules:
        # Formgrader has read this configuration, or is about to serve by it.
        importlib.import_module("autograder.nbgrader_bridge.formgrader").mend()


def show_harmless_pages(config: Config) -> None:
    """Make feedback and formgrader show what learners wrote as `pages` has it. By names: grading need not load it."""
    config.TemplateExporter.filters = {
        "markdown2html": "autograder.nbgrader_bridge.graded_pages.draw_markdown",
        "highlight_code": "autograder.nbgrader_bridge.graded_pages.draw_code",
        "ansi2html": "autograder.nbgrader_bridge.graded_pages.draw_text",
        "strip_files_prefix": "autograder.nbgrader_bridge.graded_pages.as_it_is",
    }
    config.GenerateFeedback.exporter_class = "autograder.nbgrader_bridge.graded_pages.FeedbackExporter"
    config.HTMLExporter.preprocessors = ["autograder.nbgrader_bridge.graded_pages.HarmlessPage"]
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), str(NBGRADER_TEMPLATES)]
    config.DataTypeFilter.display_data_priority = ["image/png", "image/jpeg", "text/plain"]
