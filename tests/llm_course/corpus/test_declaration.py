"""The Declaration is whole in every language, and the sentence that the widget counts comes from it."""

from llm_course.corpus.declaration import declaration
from llm_course.widgets.token_cost import SENTENCES


def test_each_language_of_the_widget_has_the_whole_text() -> None:
    texts = declaration()
    assert list(texts) == list(SENTENCES)
    # Title, preamble and thirty articles: 90 to 92 headings and paragraphs in each translation.
    assert {len(text.splitlines()) for text in texts.values()} <= {90, 91, 92}


def test_the_text_is_clean() -> None:
    for language, text in declaration().items():
        assert "<" not in text, language
        assert all(line == line.strip() != "" for line in text.splitlines()), language


def test_the_first_sentence_of_article_one_is_in_it() -> None:
    for language in ("English", "German", "French", "Russian", "Greek", "Arabic", "Korean", "Burmese"):
        assert SENTENCES[language] in declaration()[language]
