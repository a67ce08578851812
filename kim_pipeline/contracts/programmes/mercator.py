"""Mercator-Projekt (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import SCHOOL_YEARLY_BY_30_SEPTEMBER
from kim_pipeline.contracts.model import (
    ContractModel,
    Number,
    Programme,
    Table,
    Text,
    Unpivot,
    Whole,
    column,
)


class Tuition(ContractModel):
    """Förderunterricht."""

    school: Text = column("Schule", label="Schule", kind="text", required=True, key=True)
    subject: Text = column("Fach", label="Fach", kind="category", category="subject", required=True, key=True)
    municipality: Text = column("Kommune", "Ort", label="Kommune", kind="municipality", required=True)
    pupils_1: Whole = column(
        "Schüler/innen", "SuS", label="1. Halbjahr: Schüler/innen", kind="whole", group=("1. Halbjahr",), ge=0
    )
    lesson_hours_1: Number = column(
        "Förderstunden", "Std.", label="1. Halbjahr: Förderstunden", kind="hours", group=("1. Halbjahr",), ge=0
    )
    tutors_1: Whole = column(
        "Förderlehrkräfte",
        label="1. Halbjahr: Förderlehrkräfte",
        kind="whole",
        group=("1. Halbjahr",),
        ge=0,
        is_read=False,
    )
    pupils_2: Whole = column(
        "Schüler/innen", "SuS", label="2. Halbjahr: Schüler/innen", kind="whole", group=("2. Halbjahr",), ge=0
    )
    lesson_hours_2: Number = column(
        "Förderstunden", "Std.", label="2. Halbjahr: Förderstunden", kind="hours", group=("2. Halbjahr",), ge=0
    )
    tutors_2: Whole = column(
        "Förderlehrkräfte",
        label="2. Halbjahr: Förderlehrkräfte",
        kind="whole",
        group=("2. Halbjahr",),
        ge=0,
        is_read=False,
    )


HALF_YEARS = Unpivot(
    into="half_year",
    label="Schulhalbjahr",
    values={
        "pupils": ("Schüler/innen", ("pupils_1", "pupils_2")),
        "lesson_hours": ("Förderstunden", ("lesson_hours_1", "lesson_hours_2")),
        "tutors": ("Förderlehrkräfte", ("tutors_1", "tutors_2")),
    },
)

PROGRAMME = Programme(
    key="mercator",
    title="Mercator-Projekt",
    delivery="period",
    cadence=SCHOOL_YEARLY_BY_30_SEPTEMBER,
    tables=(Table("tuition", "Förderunterricht", Tuition, unpivot=HALF_YEARS),),
)
