"""``python -m leads.scoring.learning``: rows and outcomes in on stdin, a scorecard out on stdout, both JSON.

Learning takes a processor for as long as it lasts, so it has a process of its own.
"""

import json
import sys
from typing import Any

from leads.scoring.learning.training import OutcomesTooFew, learn


def learnt(asked: dict[str, Any]) -> dict[str, Any]:
    """The scorecard with what it was learnt from, or why there is none."""
    try:
        found = learn(asked["rows"], asked["outcomes"])
    except OutcomesTooFew as few:
        return {"too_few": str(few)}
    return {
        "scorecard": found.scorecard.model_dump(mode="json"),
        "training": {
            "leads": found.rows,
            "converted": found.converted,
            "held_out_area": round(found.held_out_area, 4),
            "held_out_brier": round(found.held_out_brier, 4),
            "average_brier": round(found.average_brier, 4),
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(learnt(json.load(sys.stdin))))
