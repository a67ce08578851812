"""A made-up county with a key of its own, as small as a county's folder can be."""

from __future__ import annotations

import json
from pathlib import Path

KEY = "09999"
PLACES = {"09999001": "Halle (Westf.)", "09999002": "Grünstadt", "09999003": "Gruenstadt"}
FILES = {
    "county.toml": (
        f'key = "{KEY}"\nname = "Kreis Grünau"\naliases = ["kreisweit"]\ngeometry = "grenzen.geojson"\n'
        'geometry_key = "AGS"\ngeometry_attribution = "frei"\n'
    ),
    "municipalities.csv": (
        "ags,name,kind,districts,aliases\n"
        "09999001,Halle (Westf.),Stadt,Künsebeck|Hörste,Halle|Halle/Westf.|Stadt Halle\n"
        "09999002,Grünstadt,Stadt,,\n"
        "09999003,Gruenstadt,Gemeinde,Süd,\n"
    ),
    "bodies.csv": "body,rank,may_resolve\nKreistag,1,1\n",
    "categories.csv": "category,value,spellings\nconcept,Konzept 2020,Konzept 2020|Konzept\nbody,Kreistag,Kreistag\n",
    "offices.csv": "name,aliases\nSozialamt,Amt 50\nSchulamt,\n",
}
"""File → its text; the boundaries are made."""


def made_up_county(folder: Path) -> Path:
    """Write its folder, in UTF-8; the folder."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    boundaries = {"type": "FeatureCollection", "features": [_square(at, ags) for at, ags in enumerate(PLACES)]}
    (folder / "grenzen.geojson").write_text(json.dumps(boundaries, indent=0), encoding="utf-8")
    return folder


def saved_by_excel(folder: Path) -> Path:
    """Save its tables as programs on Windows do: `;`, cp1252 or a BOM, CRLF, columns in another order; the folder."""
    for number, path in enumerate(sorted(folder.glob("*.csv"))):
        text = path.read_text(encoding="utf-8").replace(",", ";").replace("\n", "\r\n")
        path.write_bytes(text.encode(("cp1252", "utf-8-sig")[number % 2]))
    bodies = folder / "bodies.csv"
    bodies.write_bytes(b"sep=;\r\nMAY_RESOLVE;Body;rank\r\n1;Kreistag;1\r\n;;\r\n")
    for path in folder.glob("*.toml"):
        path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode("cp1252"))
    boundaries = folder / "grenzen.geojson"
    boundaries.write_bytes(b"\xef\xbb\xbf" + boundaries.read_bytes())
    return folder


def _square(at: int, ags: str) -> dict[str, object]:
    ring = [[at, 50], [at + 1, 50], [at + 1, 51], [at, 51], [at, 50]]
    return {
        "type": "Feature",
        "properties": {"AGS": ags},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
