# SPDX-License-Identifier: Apache-2.0
"""Records and what went wrong -> report.json and report.html.

The JSON is the whole: meta, records, headline, headline_detail, losses, failures. The HTML is drawn from it alone, so that an old report can be
drawn anew.
"""
import json
import os

from run import headline, page
from run import records as rec


def make(about, records, failures):
    details = headline.detail(records)
    return {"meta": about, "records": records, "headline": headline.headline(details), "headline_detail": details,
            "losses": rec.losses(records), "failures": failures}


def load(path):
    with open(path) as f:
        return json.load(f)


def write_whole(path, text):
    """A reader sees the old file or the new one, never half of it."""
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "w") as f:
        f.write(text)
    os.replace(fresh, path)


def write_html(report, path):
    write_whole(path, page.page(report))


def write(report, folder):
    os.makedirs(folder, exist_ok=True)
    write_whole(os.path.join(folder, "report.json"), json.dumps(report, indent=1) + "\n")
    write_html(report, os.path.join(folder, "report.html"))
