"""What a report shows, section by section."""

from __future__ import annotations

from typing import NamedTuple

from sb3_memaug.evaluation.statistics import improvement, summary
from sb3_memaug.report.charts import Chart
from sb3_memaug.report.figures import (
    feet,
    gaits,
    id_ood,
    latents,
    learning_curves,
    returns_per_task,
    sample_efficiency,
    trajectories,
)
from sb3_memaug.report.html_tables import Table
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.tables import efficiency_tables, improvement_tables, memory_tables, runs_tables, summary_tables


class Section(NamedTuple):
    """
    :param name: its place in the page: lower case, with hyphens
    :param title: its heading
    :param charts: its figures
    :param tables: below them
    :param details: tables that are shown when they are asked for
    :param introduction: what is true of all its tables
    """

    name: str
    title: str
    charts: list[Chart] = []
    tables: list[Table] = []
    details: list[Table] = []
    introduction: str = ""


SUMMARY = (
    "Returns of whole episodes. The interquartile mean (IQM) leaves out the lowest and the highest quarter; the "
    "interval beside it is the 95 % one over training seeds, each drawn with all its tasks, and that of a normalised "
    "return over the seeds of the policy that it is divided by, too. With two seeds it is wide for good reason; a "
    "policy whose mirrors are exact returns the same on ID and on OOD tasks by construction where simulator and starts "
    "are mirror images, so that their equality is no finding."
)
IMPROVEMENT = (
    "How probable it is that a run of the policy in a row returns more than a run of the policy in a column on the "
    "same task, with 95 % score intervals whose samples are training seeds. One half is a draw."
)


def sections(tables: RunTables) -> list[Section]:
    """
    :param tables: of the runs
    :return: those in which there is something to show, in their order
    """
    summarised, learning = summary(tables.episodes), tables.learning
    together, apart = improvement_tables(improvement(tables.episodes))
    found = [
        Section("summary", "Summary", [], summary_tables(summarised), introduction=SUMMARY),
        Section("generalisation", "Generalisation", id_ood.charts(tables, summarised)),
        Section("tasks", "Joints and payloads", returns_per_task.charts(tables)),
        Section("improvement", "Probability of improvement", [], together, apart, IMPROVEMENT),
        Section(
            "learning",
            "Learning",
            [*learning_curves.charts(tables), *sample_efficiency.charts(tables)],
            efficiency_tables(learning),
        ),
        Section("feet", "Feet", feet.charts(tables)),
        Section("memory", "Memory", latents.charts(tables), memory_tables(summarised)),
        Section("trajectories", "Trajectories", trajectories.charts(tables)),
        Section("gaits", "Gaits", gaits.charts(tables)),
        Section("training", "Training", [], runs_tables(learning)),
    ]
    return [section for section in found if section.charts or section.tables]
