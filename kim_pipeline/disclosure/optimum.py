"""placeholder"""
from __future__ import annotations
from dataclasses import dataclass
@dataclass
class Limits:
    deadline: float
def optimise(search,limits):
    raise NotImplementedError
