"""The figures of the runs as a table in Markdown, which is also what people are shown."""
STREAMS = ("l4 new", "l4 kept", "l7 new", "l7 kept")
HEAD = ("handler", "sent", "lost", *(f"lost {stream}" for stream in STREAMS), "cordon", "last endpoint gone, l4",
        "l7", "last SIGTERM", "seconds left", "pods killed hard", "machine's load")


def seconds(value):
    return "–" if value is None else f"{value:.1f} s"


def row(figures):
    cells = [figures.handler, f"{figures.sent:,}", f"{figures.lost:,}"]
    cells += [f"{figures.streams[stream]['lost']:,}" for stream in STREAMS]
    cells += map(seconds, (figures.cordon, figures.l4_left, figures.l7_left, figures.sigterm, figures.left))
    cells += [str(figures.killed_hard) if figures.handler != "undisturbed" else "–", figures.load]
    return cells


def markdown(scenario, all_figures):
    rows = [HEAD, ["---"] * len(HEAD), *map(row, all_figures)]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return f"### ({scenario.name}) {scenario.says}\n\n" + "\n".join(lines) + "\n"
