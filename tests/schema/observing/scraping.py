"""What a page of metrics says."""

from prometheus_client.parser import text_string_to_metric_families


def read_samples(page):
    """The samples of a page by name and labels, and what each name is."""
    families = list(text_string_to_metric_families(page))
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def samples_of(page, name):
    """The samples of one name by the values of their labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in labels): int(value)
        for (found, *labels), value in read_samples(page).items()
        if found == name
    }


async def scrape(api):
    """Read the page as Prometheus on this machine would."""
    answer = await api.http.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text
