"""Runs Autobahn's WebSocket cases against the example holder, whose backend echoes, with limits above the cases' 16 MB.

Groups 12 and 13 are about compression, which is not offered: nor does AWS.
"""

import asyncio
import json
import pathlib
import subprocess
import sys

import kosoku

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
AT_ONCE = 4
# The version of the cases that is pinned; fewer would mean that a group was not found.
COUNT = 301


def run(address):
    async def results():
        try:
            return await kosoku.run_fuzzingclient(f"ws://{address}", CASES, concurrency=AT_ONCE)
        except kosoku.FailureError as failure:
            return failure.results

    return asyncio.run(results())


def main(program, report):
    limits = [f"message-bytes={20 << 20}", f"frame-bytes={20 << 20}"]
    holder = subprocess.Popen([program, *limits], stdout=subprocess.PIPE, text=True)
    try:
        address = holder.stdout.readline().split()[0]
        results = run(address)
    finally:
        holder.terminate()
        holder.wait(30)
    verdicts = {str(one.case_id): (one.behavior.value, one.behavior_close.value) for one in results}
    pathlib.Path(report).write_text(json.dumps(verdicts, indent=1))
    failed = [str(one.case_id) for one in results if not one.passed]
    for case in failed:
        print(f"case {case}: {verdicts[case][0]}, its close {verdicts[case][1]}")
    strict = sum(verdict == ("OK", "OK") for verdict in verdicts.values())
    print(f"{strict} strictly; every verdict is in {report}")
    print(f"{len(verdicts) - len(failed)} cases passed, {len(failed)} failed")
    if len(verdicts) != COUNT:
        print(f"{len(verdicts)} cases were run, and there are {COUNT}")
    return 1 if failed or len(verdicts) != COUNT else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
