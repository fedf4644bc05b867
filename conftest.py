"""How nbval compares a run with what is stored."""


def pytest_collectstart(collector):
    """HTML says the words of text/plain, which are compared, or holds a picture, whose pixels differ among machines."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html",)
