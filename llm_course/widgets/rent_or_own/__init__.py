"""Rent a machine or call an API: which is cheaper, and from when on."""

from traitlets import Float

from ..ui.base import CourseWidget
from ..ui.picture import number_table


def cost_per_million(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    """The cost of a million tokens on a machine that is paid by the hour, busy or not."""
    return hourly_cost / (tokens_per_second * 3600 * utilisation) * 1e6


class RentOrOwn(CourseWidget):
    """The cost per million tokens by utilisation, beside the price of an API, and where the two meet.

    >>> RentOrOwn(hourly_cost=2.5, tokens_per_second=2000, api_price=0.5)

    Args:
        hourly_cost: The price of an hour of the machine, 0.1 to 100.
        tokens_per_second: What it makes while it is busy, 1 to 100,000.
        api_price: What the API takes for a million tokens, 0.01 to 100.
    """

    hourly_cost = Float(2.5, min=0.1, max=100.0).tag(sync=True)
    tokens_per_second = Float(2000.0, min=1.0, max=100_000.0).tag(sync=True)
    api_price = Float(0.5, min=0.01, max=100.0).tag(sync=True)
    utilisation = Float(0.1, min=0.001, max=1.0).tag(sync=True)

    def picture(self) -> str:
        """The cost per million tokens at five degrees of utilisation."""
        shares = (0.02, 0.05, 0.1, 0.5, 1.0)
        costs = [cost_per_million(self.hourly_cost, self.tokens_per_second, share) for share in shares]
        caption = f"Cost per million tokens, beside an API at {self.api_price:g}"
        rows = [f"busy {share:.0%} of the time" for share in shares]
        return number_table(caption, rows, [[cost] for cost in costs], ["the machine"], digits=2)
