"""What goes wrong in bm25_scores: the idf, the fraction, the lengths, the query, and what is missing or twice."""

import math
from collections import Counter

from autograder.exercises.mistakes import Mistakes
from solutions import context

known = Mistakes(context.bm25_scores, section="context-bm25")

IDF = "math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))"
SHARE = "occurrences * (k1 + 1) / (occurrences + k1 * (1 - b + b * length / average))"
SUM = "sum((idf[term] * share(count[term], count.total()) for term in query), 0.0)"
SCORES = f"[{SUM} for count in counts]"
AVERAGE = "sum(map(len, documents)) / max(len(documents), 1)"

known.edit(
    "only_the_shared_words",
    {SUM: "float(sum(count[term] for term in query))"},
    "You count shared words. BM25 weighs them: a rare word by its idf, and the fifth occurrence less than the first.",
)
known.edit(
    "idf_missing",
    {"idf[term] * share": "share"},
    "All your words weigh the same. One that stands in nearly every document tells little: multiply by its idf.",
)
known.edit(
    "idf_without_the_one",
    {"math.log(1 + (": "math.log(("},
    "The 1 inside your logarithm is missing: a word that stands in more than half of the documents then counts against "
    "them.",
)
known.edit(
    "idf_cut_off_at_zero",
    {IDF: "max(0.0, math.log((len(documents) - holding + 0.5) / (holding + 0.5)))"},
    "You take the older idf and cut it off at 0. Here a 1 is added inside the logarithm, which keeps it above 0.",
)
known.edit(
    "idf_of_tf_idf",
    {IDF: "math.log(max(len(documents), 1) / max(holding, 1))"},
    "Your idf is ln(N / n), that of TF-IDF: this is what is left of BM25's without the two 0.5.",
)
known.edit(
    "idf_of_tf_idf_plus_one",
    {IDF: "1 + math.log(max(len(documents), 1) / max(holding, 1))"},
    "Your idf is 1 + ln(N / n). BM25's is ln(1 + (N - n + 0.5) / (n + 0.5)).",
)
known.edit(
    "idf_with_one_more_document",
    {IDF: "math.log(max(len(documents), 1) / (holding + 1))"},
    "Your idf is ln(N / (n + 1)), a form of TF-IDF's that is below 0 for a word in all documents. BM25's is another.",
)
known.edit(
    "idf_of_bm25_plus",
    {IDF: "math.log((len(documents) + 1) / max(holding, 1))"},
    "Your idf is ln((N + 1) / n), that of BM25+. Here it is ln(1 + (N - n + 0.5) / (n + 0.5)).",
)
known.edit(
    "idf_without_its_sign",
    {IDF: "abs(math.log((len(documents) - holding + 0.5) / (holding + 0.5)))"},
    "You take the absolute value of the older idf: a word in all documents then weighs as much as a rare one. Add 1 "
    "inside the logarithm.",
)
known.edit(
    "idf_smoothed_as_in_scikit_learn",
    {IDF: "math.log((1 + len(documents)) / (1 + holding)) + 1"},
    "Your idf is scikit-learn's, ln((1 + N) / (1 + n)) + 1. BM25's is another formula.",
)
known.edit(
    "idf_in_base_two",
    {IDF: "math.log2(1 + (len(documents) - holding + 0.5) / (holding + 0.5))"},
    "Your idf has a logarithm to the base 2. Take the natural one.",
)
known.edit(
    "idf_in_base_ten",
    {IDF: "math.log10(1 + (len(documents) - holding + 0.5) / (holding + 0.5))"},
    "Your idf has a logarithm to the base 10. Take the natural one.",
)
known.edit(
    "one_outside_the_logarithm",
    {IDF: "1 + math.log((len(documents) - holding + 0.5) / (holding + 0.5))"},
    "You add the 1 to the logarithm. It belongs inside: ln(1 + ...).",
)
known.edit(
    "occurrences_for_documents",
    {"term in count for count": "count[term] for count"},
    "For the idf you count how often the word occurs. n is the number of *documents* that hold it.",
)
known.edit(
    "occurrences_not_saturated",
    {f"return {SHARE}": "return float(occurrences)"},
    "Your score grows evenly with the number of occurrences. BM25 divides, so that further ones count less and less.",
)
known.edit(
    "occurrences_as_a_share_of_the_length",
    {f"return {SHARE}": "return occurrences / length"},
    "You divide the occurrences by the length of the document. BM25's fraction saturates, and it compares the length "
    "with the average.",
)
known.edit(
    "logarithm_of_the_occurrences",
    {f"return {SHARE}": "return 1 + math.log(occurrences)"},
    "You take 1 + ln f, as some forms of TF-IDF do. BM25's fraction is f (k1 + 1) / (f + k1 ...): it has an upper "
    "bound.",
)
known.edit(
    "brackets_missing_below",
    {"k1 * (1 - b + b * length / average)": "k1 * 1 - b + b * length / average"},
    "Below the line, k1 multiplies the whole of 1 - b + b · len / average: put it into brackets.",
)
known.edit(
    "k1_for_one_part_only",
    {"k1 * (1 - b + b * length / average)": "k1 * (1 - b) + b * length / average"},
    "Below the line, your k1 multiplies 1 - b only. It multiplies b · len / average, too: mind the bracket.",
)
known.edit(
    "share_of_the_length_in_the_formula",
    {SHARE: SHARE.replace("occurrences", "(occurrences / length)")},
    "Your f is the occurrences divided by the length. f is the plain count; the length comes in below the line only.",
)
known.edit(
    "brackets_missing_above",
    {"occurrences * (k1 + 1)": "(occurrences * k1 + 1)"},
    "Above the line it is f times (k1 + 1), and not f · k1 + 1: mind the brackets.",
)
known.edit(
    "present_or_not",
    {SHARE: f"(occurrences := 1) * {SHARE.removeprefix('occurrences * ')}"},
    "You look whether a word stands in the document, not how often: f is a count.",
)
known.edit(
    "k1_plus_one_missing",
    {"occurrences * (k1 + 1)": "occurrences"},
    "The factor k1 + 1 above the line is missing.",
)
known.edit(
    "lengths_ignored",
    {"(1 - b + b * length / average)": "1"},
    "Your score does not depend on the lengths. A long document holds many words by chance: k1 is multiplied by "
    "1 - b + b · len / average.",
)
known.edit(
    "k1_added_once",
    {"k1 * (1 - b + b * length / average)": "k1 + (1 - b + b * length / average)"},
    "You add k1 below the line. It multiplies 1 - b + b · len / average.",
)
known.edit(
    "length_the_wrong_way_round",
    {"length / average": "average / length"},
    "You divide the average by the length, so long documents gain. It is len / average.",
)
known.edit(
    "b_the_wrong_way_round",
    {"1 - b + b * length / average": "b + (1 - b) * length / average"},
    "b and 1 - b have changed places: with b = 0 lengths must not matter.",
)
known.edit(
    "b_ignored",
    {"1 - b + b * length / average": "1 - 0.75 + 0.75 * length / average"},
    "You take 0.75 whatever b is: that is only its default.",
)
known.edit(
    "k1_ignored",
    {"(k1 + 1)": "(1.5 + 1)", "k1 * (": "1.5 * ("},
    "You take 1.5 whatever k1 is: that is only its default.",
)
known.edit(
    "another_default_of_k1",
    {"k1: float = 1.5": "k1: float = 1.2"},
    "Your k1 is 1.2 where none is given, as in other libraries. Keep the default of the signature.",
)
known.edit(
    "another_default_of_b",
    {"b: float = 0.75": "b: float = 0.5"},
    "Your b is 0.5 where none is given. Keep the default of the signature.",
)
known.edit(
    "lengths_in_characters",
    {
        "count.total()": "sum(len(term) * times for term, times in count.items())",
        AVERAGE: "sum(len(term) for document in documents for term in document) / max(len(documents), 1)",
    },
    "Your lengths are in characters. A document's length is its number of terms.",
)
known.edit(
    "lengths_and_average_without_repetitions",
    {"count.total()": "len(count)", AVERAGE: "sum(map(len, counts)) / max(len(documents), 1)"},
    "You count each word of a document once, for its length and for the average. Lengths count every occurrence.",
)
known.edit(
    "length_without_repetitions",
    {"count.total()": "len(count)"},
    "You count each word of a document once for its length. The length counts every occurrence.",
)
known.edit(
    "average_of_the_holding_documents",
    {
        "average = " + AVERAGE: "own = [document for document in documents if set(document) & set(query)]\n"
        "    average = sum(map(len, own)) / max(len(own), 1)"
    },
    "Your average is over the documents that hold a word of the query. It is over all documents.",
)
known.edit(
    "average_without_empty_documents",
    {f"average = {AVERAGE}": "average = sum(map(len, documents)) / max(sum(map(bool, documents)), 1)"},
    "Your average leaves out empty documents. It is over all of them.",
)
known.edit(
    "average_rounded_down",
    {AVERAGE: "max(sum(map(len, documents)) // max(len(documents), 1), 1)"},
    "You cut the average length to a whole number. Divide with `/`.",
)


@known.function("Your average is over the *other* documents. It is over all, the document itself included.")
def average_of_the_others(
    query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("no such k1 or b")
    total, scores = sum(map(len, documents)), []
    for document in documents:
        average = (total - len(document)) / max(len(documents) - 1, 1) or 1.0
        score = 0.0
        for term in query:
            holding = sum(term in other for other in documents)
            f = document.count(term)
            if f:
                idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
                score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / average))
        scores.append(score)
    return scores


@known.function(
    "You look up the place of a document with `documents.index`, which finds the first one that is equal: of equal "
    "documents one gets the scores of all. Count the places, with `enumerate`."
)
def place_of_an_equal_document(
    query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    found = [0.0] * len(documents)
    for document, score in zip(documents, context.bm25_scores(query, documents, k1, b), strict=True):
        found[documents.index(document)] += score
    return found


@known.function(
    "Of equal documents only the first gets a score from you, and the others keep their 0. Do you look up the place "
    "with `documents.index`, which finds the first that is equal? Count the places, with `enumerate`."
)
def first_of_equal_documents(
    query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    found = [0.0] * len(documents)
    for document, score in zip(documents, context.bm25_scores(query, documents, k1, b), strict=True):
        found[documents.index(document)] = score
    return found


@known.function(
    "You keep the scores under the documents themselves, as keys of a dictionary, where equal documents share one "
    "place and add up. Keep a list, with one score for each place."
)
def documents_as_keys(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    found: Counter[tuple[str, ...]] = Counter()
    for document, score in zip(documents, context.bm25_scores(query, documents, k1, b), strict=True):
        found[tuple(document)] += score  # type: ignore[assignment]
    return [float(found[tuple(document)]) for document in documents]


known.edit(
    "k1_and_b_ignored",
    {"(k1 + 1)": "(1.5 + 1)", "k1 * (1 - b + b * length / average)": "1.5 * (1 - 0.75 + 0.75 * length / average)"},
    "You take 1.5 and 0.75 whatever k1 and b are: these are only their defaults.",
)
known.edit(
    "empty_query_gives_no_scores",
    {"return " + SCORES: f"return {SCORES} if query else []"},
    "A query without terms gives you an empty list. Every document has a score, also then: 0.",
)
known.edit(
    "documents_with_the_word_inside_another",
    {"sum(term in count for count in counts)": "sum(any(term in word for word in count) for count in counts)"},
    "For n you also count documents that hold the word only inside another one, as `in` does on a text. Compare terms: "
    "`carpet` is not `car`.",
)
known.edit(
    "occurrences_inside_other_words",
    {"share(count[term], count.total())": "share(sum(word.count(term) * times for word, times in count.items()), "
     "count.total())"},
    "For f you also count the word where it stands inside another one, as `count` does on a text. Count terms: "
    "`carpet` is not `car`.",
)  # fmt: skip
known.edit(
    "query_as_a_set",
    {"for term in query), 0.0)": "for term in dict.fromkeys(query)), 0.0)"},
    "A word that stands twice in the query counts once in your score. It counts as often as it stands there.",
)
known.edit(
    "query_sorted_in_place",
    {"counts = [": "query.sort()\n    counts = ["},
    "You sort the query itself. Work on a copy: `sorted(query)` makes one.",
)
known.edit(
    "mean_over_the_query",
    {SUM: f"{SUM} / max(len(query), 1)"},
    "You divide by the number of words in the query. The score is their sum.",
)
known.edit(
    "scores_made_to_sum_to_one",
    {"return " + SCORES: f"scores = {SCORES}\n    return [score / (sum(scores) or 1.0) for score in scores]"},
    "You divide the scores by their sum. Return them as they are.",
)
known.edit(
    "divided_by_the_best",
    {"return " + SCORES: f"scores = {SCORES}\n    return [score / (max(scores) or 1.0) for score in scores]"},
    "You divide the scores by the best one. Return them as they are.",
)
known.edit(
    "best_first",
    {SCORES: f"sorted({SCORES}, reverse=True)"},
    "You sort the scores. They belong to the documents, so return them in the documents' order.",
)
known.edit(
    "order_of_documents",
    {
        "return " + SCORES: f"scores = {SCORES}\n"
        "    return [float(place) for place in sorted(range(len(scores)), key=lambda place: -scores[place])]"
    },
    "You return the order of the documents. The task asks for their scores.",
)
known.edit(
    "other_documents_left_out",
    {SCORES: f"[score for score in {SCORES} if score > 0]"},
    "You leave out documents without a word of the query. Every document has a score, 0 for these.",
)


@known.function(
    "You look for the word inside other words: `car` is not in a document because `carpet` is. Compare terms."
)
def words_inside_words(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    counts = [Counter({term: " ".join(document).count(term) for term in query}) for document in documents]
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("no such k1 or b")
    average = sum(map(len, documents)) / max(len(documents), 1) or 1.0
    scores = []
    for document, count in zip(documents, counts, strict=True):
        score = 0.0
        for term in query:
            holding = sum(other[term] > 0 for other in counts)
            idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            if count[term]:
                norm = count[term] + k1 * (1 - b + b * len(document) / average)
                score += idf * count[term] * (k1 + 1) / norm
        scores.append(score)
    return scores


@known.function(
    "The formula divides by 0 in three places: with no documents, with empty documents only, and with k1 = 0 for a "
    "word that does not stand in the document. Such a word adds nothing, and no documents have no scores."
)
def formula_as_it_stands(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("no such k1 or b")
    average = sum(len(document) for document in documents) / len(documents)
    scores = [0.0] * len(documents)
    for term in query:
        n = sum(term in document for document in documents)
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        for place, document in enumerate(documents):
            f = document.count(term)
            scores[place] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / average))
    return scores


@known.function(
    "Where the average length or a count is 0 you divide by 0: with empty documents only, and with k1 = 0 for a word "
    "that does not stand in the document. Such a word adds nothing: leave it out."
)
def formula_where_there_are_documents(
    query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("no such k1 or b")
    return formula_as_it_stands(query, documents, k1, b) if documents else []


known.edit(
    "no_documents_break",
    {"max(len(documents), 1)": "len(documents)"},
    "With no documents you divide by their number, 0. No documents have no scores: return an empty list.",
)
known.edit(
    "empty_documents_break",
    {"if occurrences == 0": "if average and occurrences == 0"},
    "If all documents are empty, you divide by their average length, 0. They share no word with the "
    "query, and score 0.",
)
known.edit(
    "absent_words_break_without_k1",
    {"if occurrences == 0": "if k1 > 0 and occurrences == 0"},
    "With k1 = 0, a word that does not stand in the document gives you 0 / 0. Such a word adds nothing: leave it out.",
)
known.edit(
    "unknown_words_break",
    {"return math.log": "if holding == 0:\n            raise KeyError(term)\n        return math.log"},
    "A word of the query that no document holds breaks your function. It adds nothing to any score.",
)
known.edit(
    "k1_of_zero_refused",
    {"k1 < 0": "k1 <= 0"},
    "You refuse k1 = 0. It makes sense: the first occurrence is then all that counts.",
)
known.edit(
    "ends_of_b_refused",
    {"0 <= b <= 1": "0 < b < 1"},
    "You refuse b = 0 or b = 1. Both make sense: lengths do not matter, or matter in full.",
)
known.edit(
    "b_of_zero_refused",
    {"not 0 <= b <= 1": "not 0 < b <= 1"},
    "You refuse b = 0. It makes sense: lengths then do not matter.",
)
known.edit(
    "b_of_one_refused",
    {"not 0 <= b <= 1": "not 0 <= b < 1"},
    "You refuse b = 1. It makes sense: lengths then count in full.",
)
known.edit(
    "large_k1_refused",
    {"k1 < 0": "not 0 <= k1 <= 2"},
    "You refuse a k1 above 2. Usual or not, it makes sense: further occurrences then count for longer. Only a negative "
    "one is refused.",
)
known.edit(
    "small_letters",
    {
        "counts = [": "query = [term.lower() for term in query]\n"
        "    documents = [[term.lower() for term in document] for document in documents]\n    counts = ["
    },
    "You turn all terms into small letters. Terms that differ are different terms; whoever calls you decides what to "
    "make equal.",
)
known.edit(
    "query_in_small_letters",
    {"counts = [": "query = [term.lower() for term in query]\n    counts = ["},
    "You turn the query into small letters, and its names find nothing any more. Compare terms as they are.",
)
known.edit(
    "negative_k1_taken",
    {"k1 < 0 or ": ""},
    "Your function takes a negative k1, with which further occurrences would lower the score: raise ValueError.",
)
known.edit(
    "any_b_taken",
    {" or not 0 <= b <= 1": ""},
    "Your function takes any b. Below 0 or above 1 it makes no sense: raise ValueError.",
)
known.edit(
    "large_b_taken",
    {"not 0 <= b <= 1": "b < 0"},
    "Your function refuses a b below 0, and takes one above 1, with which short documents may get a negative share: "
    "raise ValueError.",
)
known.edit(
    "negative_b_taken",
    {"not 0 <= b <= 1": "b > 1"},
    "Your function refuses a b above 1, and takes one below 0, with which long documents gain: raise ValueError.",
)
known.edit(
    "anything_scored",
    {"k1 < 0 or not 0 <= b <= 1": "False"},
    "Your function takes any k1 and any b. Refuse a negative k1, and a b outside 0 to 1, with a ValueError.",
)
