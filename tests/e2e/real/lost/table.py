"""The figures of the runs as a table in Markdown, which is also what people are shown."""
from testing import markdown_table

STREAMS = ("l4 new", "l4 kept", "l7 new", "l7 kept")
TIMES = ("cordon", "last endpoint gone, l4", "l7", "last SIGTERM", "seconds left")


def seconds(value):
    return "–" if value is None else f"{value:.1f} s"


def head(scenario):
    long = (f"lost of {scenario.long_requests} s",) if scenario.long_requests else ()
    return ("handler", "sent", "lost", "had to be", *(f"lost {stream}" for stream in STREAMS), *long, *TIMES,
            "pods killed hard", "machine's load")


def had_to_be(figures):
    if figures.least is None:
        return "–"
    late = figures.least_from_told - figures.least
    return f"{figures.least:,.0f}" + (f" ({figures.least_from_told:,.0f})" if late >= 0.5 else "")


def killed(figures):
    if figures.handler == "undisturbed":
        return "–"
    by_kubelet = f", {figures.killed_by_kubelet} by their kubelet" if figures.killed_by_kubelet else ""
    return f"{figures.killed_hard}{by_kubelet}"


def row(scenario, figures):
    cells = [figures.handler, f"{figures.sent:,}", f"{figures.lost:,}",
             had_to_be(figures)]
    cells += [f"{figures.streams[stream]['lost']:,}" for stream in STREAMS]
    if scenario.long_requests:
        cells.append(f"{sum(stream['lost'] for name, stream in figures.streams.items() if 'long' in name):,}")
    cells += map(seconds, (figures.cordon, figures.l4_left, figures.l7_left, figures.sigterm, figures.left))
    cells += [killed(figures), figures.load]
    return cells


def markdown(scenario, all_figures):
    table = markdown_table([head(scenario), *(row(scenario, figures) for figures in all_figures)])
    why = f"\nWhat has to be lost: {scenario.why}.\n" if scenario.why else ""
    return f"### ({scenario.name}) {scenario.says}\n\n{table}{why}"
