"""nbgrader's settings in a course: `configure` puts the trusted grading in the place of nbgrader's own.

With it `nbgrader autograde`, formgrader's Autograde button and `llm-course grade` all go the same way; `converters`
says which.
"""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    GetGrades,
    LimitOutput,
    OverwriteCells,
    SaveAutoGrades,
)
from traitlets.config import Config

from autograder.converters import SubmissionExporter, TrustedGrade, install
from autograder.harmless import harmless_html


def configure(config: Config) -> None:
    """Set up an nbgrader course folder; called from its nbgrader_config.py."""
    install()
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.sanitize_preprocessors = [OverwriteCells, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        TrustedGrade,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    config.TemplateExporter.filters = {"markdown2html": harmless_html}
    config.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
