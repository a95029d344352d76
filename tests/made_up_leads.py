"""Leads of a made-up school: 35 mixed columns, many missing or left at "Select", 39 % converted, columns that interact.

Made by a seed. The chance of each lead depends on its columns by main effects, by effects of two columns together and
by time, so that whoever looks at single columns alone, or knows no missing values, does worse.
"""

import csv
import math
from pathlib import Path
from random import Random

ORIGINS = {"Landing Page Submission": 48, "API": 39, "Lead Add Form": 8, "Lead Import": 1}
SOURCES = {
    "Google": 31, "Direct Traffic": 27, "Olark Chat": 19, "Organic Search": 12, "Reference": 6,
    "Welingak Website": 2, "Referral Sites": 1.5, "Facebook": 0.6, "bing": 0.1, "blog": 0.05,
}  # fmt: skip
ACTIVITIES = {
    "Email Opened": 38, "SMS Sent": 30, "Olark Chat Conversation": 10, "Page Visited on Website": 7,
    "Converted to Lead": 4.6, "Email Bounced": 3.5, "Email Link Clicked": 2.9, "Form Submitted": 1.3, "Unsubscribed": 1,
}  # fmt: skip
TAGS = {
    "Will revert after reading the email": 22, "Ringing": 13, "Interested in other courses": 5.5,
    "Already a student": 5, "Closed by Horizzon": 4, "switched off": 2.6, "Busy": 2, "Lost to EINS": 1.9,
    "Not doing further education": 1.6, "Interested in full time MBA": 1.3, "invalid number": 1, None: 39,
}  # fmt: skip
TAG_EFFECT = {
    "Will revert after reading the email": 3.2, "Closed by Horizzon": 5.0, "Lost to EINS": 4.0, "Ringing": -3.2,
    "Interested in other courses": -3.4, "Already a student": -4.5, "switched off": -3.6, "Busy": 0.4, None: -0.6,
    "Not doing further education": -4.0, "Interested in full time MBA": -3.0, "invalid number": -3.5,
}  # fmt: skip
SOURCE_EFFECT = {"Reference": 2.2, "Welingak Website": 2.8, "Olark Chat": -0.7, "Organic Search": -0.1}
ACTIVITY_EFFECT = {
    "SMS Sent": 1.4, "Olark Chat Conversation": -1.2, "Email Bounced": -1.5, "Page Visited on Website": -0.7,
    "Converted to Lead": -0.9, "Unsubscribed": 0.3,
}  # fmt: skip
SPECIALIZATIONS = (
    "Finance Management", "Human Resource Management", "Marketing Management", "Operations Management",
    "Business Administration", "IT Projects Management", "Supply Chain Management", "Banking", "Travel and Tourism",
    "Media and Advertising", "International Business", "Healthcare Management", "Hospitality Management",
)  # fmt: skip
CITIES = ("Mumbai", "Thane & Outskirts", "Other Cities", "Other Cities of Maharashtra", "Other Metro Cities")
NEARLY_NEVER = (
    "Magazine", "Newspaper Article", "X Education Forums", "Newspaper", "Digital Advertisement",
    "Through Recommendations", "Receive More Updates", "Update me on Supply Chain", "Get updates on DM",
    "Pay by cheque",
)  # fmt: skip


def write(path: Path, *, rows: int, seed: int) -> None:
    """The leads as a CSV file, in order of their numbers."""
    made = leads(rows, seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)


def leads(rows: int, seed: int) -> list[dict[str, object]]:
    chance = Random(seed)  # noqa: S311 - made up, not secret
    return [_lead(chance, number, number / rows) for number in range(rows)]


def _lead(chance: Random, number: int, elapsed: float) -> dict[str, object]:
    lead = {"Prospect ID": f"{chance.getrandbits(128):032x}", "Lead Number": 570_000 + 7 * number}
    lead |= _captured(chance) | _visits(chance) | _told(chance)
    lead |= {name: "Yes" if chance.random() < 0.002 else "No" for name in NEARLY_NEVER}
    lead |= _judged(chance)
    margin = _margin(lead, elapsed)
    lead["Converted"] = int(chance.random() < 1 / (1 + math.exp(-margin)))
    return {name: "" if value is None else value for name, value in lead.items()}


def _captured(chance: Random) -> dict[str, object]:
    origin = _drawn(chance, ORIGINS)
    source = "Reference" if origin == "Lead Add Form" and chance.random() < 0.7 else _drawn(chance, SOURCES)
    return {
        "Lead Origin": origin,
        "Lead Source": source,
        "Do Not Email": "Yes" if chance.random() < 0.08 else "No",
        "Do Not Call": "Yes" if chance.random() < 0.001 else "No",
        "Last Activity": None if chance.random() < 0.011 else _drawn(chance, ACTIVITIES),
        "Country": _perhaps(chance, 0.27, "India" if chance.random() < 0.96 else f"Country {chance.randrange(30)}"),
    }


def _visits(chance: Random) -> dict[str, object]:
    visits = 0 if chance.random() < 0.24 else 1 + int(chance.expovariate(0.3))
    seconds = 0 if visits == 0 else int(chance.expovariate(1 / 640))
    pages = 0.0 if visits == 0 else round(1 + chance.expovariate(0.7), 2)
    missing = chance.random() < 0.015
    return {
        "TotalVisits": None if missing else float(visits),
        "Total Time Spent on Website": min(seconds, 2272),
        "Page Views Per Visit": None if missing else pages,
    }


def _told(chance: Random) -> dict[str, object]:
    asked = chance.random() < 0.63
    specialization = chance.choice(SPECIALIZATIONS) if asked else chance.choice(("Select", None))
    heard = "Online Search" if chance.random() < 0.4 else "Word Of Mouth"
    occupation = _drawn(chance, {"Unemployed": 60, "Working Professional": 8, "Student": 2.3, None: 29})
    return {
        "Specialization": specialization,
        "How did you hear": "Select" if chance.random() < 0.55 else _perhaps(chance, 0.5, heard),
        "What is your current occupation": occupation,
        "What matters most": _perhaps(chance, 0.29, "Better Career Prospects"),
        "City": "Select" if chance.random() < 0.24 else _perhaps(chance, 0.2, chance.choice(CITIES)),
        "A free copy of Mastering The Interview": "Yes" if chance.random() < 0.31 else "No",
        "Email Domain": _perhaps(chance, 0.2, f"d{int(chance.paretovariate(0.6)) % 900}.example"),
    }


def _judged(chance: Random) -> dict[str, object]:
    """What a person or a machine said of the lead; mostly nothing."""
    scored = chance.random() < 0.54
    return {
        "Tags": _drawn(chance, TAGS),
        "Lead Quality": _drawn(chance, {"Might be": 17, "Not Sure": 12, "Worst": 6.5, "Low in Relevance": 6, None: 52}),
        "Lead Profile": _drawn(chance, {"Select": 45, "Potential Lead": 17, "Other Leads": 5, None: 29}),
        "Activity Index": f"0{1 + int(chance.random() < 0.8)}.Level" if scored else None,
        "Activity Score": chance.randint(7, 18) if scored else None,
        "Profile Score": chance.randint(11, 20) if scored else None,
    }


def _margin(lead: dict[str, object], elapsed: float) -> float:
    seconds, source, tag = int(str(lead["Total Time Spent on Website"])), str(lead["Lead Source"]), lead["Tags"]
    working = lead["What is your current occupation"] == "Working Professional"
    margin = -2.1 + 0.3 * elapsed + 1.9 * min(seconds, 1500) / 1500 + (0.5 if seconds > 900 else 0)
    margin += SOURCE_EFFECT.get(source, 0.0) + ACTIVITY_EFFECT.get(str(lead["Last Activity"]), 0.0)
    margin += 0.85 * TAG_EFFECT[tag] + (2.0 if working else 0.0)  # type: ignore[index]
    margin += {"Worst": -2.2, "Might be": 1.1, "Not Sure": -0.6}.get(str(lead["Lead Quality"]), 0.0)
    margin += 0.9 if lead["Lead Profile"] == "Potential Lead" else 0.0
    margin += 1.6 if lead["Last Activity"] == "SMS Sent" and lead["Lead Origin"] == "Landing Page Submission" else 0.0
    margin -= 1.8 if seconds > 600 and source == "Olark Chat" else 0.0
    margin += 1.5 if tag is None and seconds > 800 else 0.0
    margin -= 1.0 if lead["Do Not Email"] == "Yes" and lead["Last Activity"] != "SMS Sent" else 0.0
    margin += 0.08 * (int(str(lead["Activity Score"])) - 14) if lead["Activity Score"] is not None else 0.0
    return margin - (0.5 if lead["Specialization"] in {None, "Select"} else 0.0)


def _drawn(chance: Random, weights: "dict[str | None, float] | dict[str, float]") -> str | None:
    [drawn] = chance.choices(list(weights), list(weights.values()))
    return drawn


def _perhaps(chance: Random, missing: float, value: str) -> str | None:
    return None if chance.random() < missing else value
