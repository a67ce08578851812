"""Which figures may be published: suppression, and the audit that tries to undo it. Knows cells and relations only."""

from kim_pipeline.disclosure.audit import AuditedSet, AuditRow, Found, Own, Sight, at_risk, audit
from kim_pipeline.disclosure.pattern import ComponentResult, Memory, Pattern, UnprotectableError, protect
from kim_pipeline.disclosure.possible import AuditError
from kim_pipeline.disclosure.prior import with_prior
from kim_pipeline.disclosure.system import (
    Cell,
    LinkedSystem,
    LinkedSystemError,
    PublishedCell,
    Relation,
    RelationKind,
    Role,
)

__all__ = [
    "AuditError",
    "AuditRow",
    "AuditedSet",
    "Cell",
    "ComponentResult",
    "Found",
    "LinkedSystem",
    "LinkedSystemError",
    "Memory",
    "Own",
    "Pattern",
    "PublishedCell",
    "Relation",
    "RelationKind",
    "Role",
    "Sight",
    "UnprotectableError",
    "at_risk",
    "audit",
    "protect",
    "with_prior",
]
