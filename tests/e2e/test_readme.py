"""The README tells the truth: its tour works as it is written, and its options are those of the program."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from products import ENVIRONMENT, PROGRAMS, ROOT

README = (ROOT / "README.md").read_text()


TOUR = README[README.index("## A tour"):README.index("## An OpenAPI file is enough")]


@pytest.mark.parametrize("block", re.findall(r"```sh\n(.*?)```", TOUR, re.DOTALL), ids=["rest", "http"])
def test_the_tour_works_as_it_is_written(postern, block):
    assert "localhost:4700" in block
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.replace("4700", str(postern.port))],
        env={**ENVIRONMENT, "PATH": f"{Path(sys.executable).parent}:{ENVIRONMENT['PATH']}"},
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout[done.stdout.index("HTTP/1.1"):]
    assert last.startswith("HTTP/1.1 200"), done.stdout
    assert re.search("(x-amzn|apigw)-requestid: ", last.lower())


def test_the_options_are_those_of_the_program():
    told = set(re.findall(r"`(--[a-z-]+)", README[README.index("## Options"):README.index("## Speed")]))
    help_text = "".join(
        subprocess.run([PROGRAMS / "postern", *command.split(), "--help"], capture_output=True, text=True, timeout=10).stdout
        for command in ("dev", "sockets", "import", "cors enable", "credentials issue", "credentials process"))
    known = set(re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", help_text, re.MULTILINE)) - {"--help", "--version"}
    assert told == known


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:infra|tests|events|local|shared|functions)/[\w./-]*)`", README))))
def test_what_the_readme_names_is_there(path):
    assert (ROOT / path).exists(), path
