"""Prints a set of conversations by every chat template of a folder, with jinja2 in transformers' environment and with Pursuit, and
compares the texts. What it should say: none different, none refused by one side alone.

usage: templates.py FOLDER [--show N]

FOLDER holds *.jinja, such as chat_template.jinja files of models under other names. Needs python3-jinja2 and the built program
benchmarks/Pursuit.Benchmarks (or $PURSUIT_BENCHMARKS, a command that runs it). Thoughts are given to a template under every name
that it mentions, as docs/formats/chat-templates.md has it. Exits 1 where the sides differ.
"""
import argparse
import collections
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/fixtures/chat-templates"))
from make_golden import CONVERSATIONS as GOLDEN, NOW, environment  # noqa: E402
from make_masks import CONVERSATIONS as MASKS, names_read  # noqa: E402

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
DOCUMENTS = [{"title": "Colours", "text": "Blue is a colour."}, {"title": "Numbers", "text": "4 is \"even\"."}]


def conversations():
    """Those of the golden files, with documents, a text as arguments, and a name beside."""
    found = {}
    for name, (messages, tools) in GOLDEN.items():
        found[name] = {"messages": messages, "tools": tools, "documents": None}
    for name, (turns, tools) in MASKS.items():
        messages = [{k: v for k, v in t.items() if k not in ("trained", "untrained", "reasoning")} | ({"reasoning_content": t["reasoning"]} if "reasoning" in t else {}) for t in turns]
        found[name + " (masks)"] = {"messages": messages, "tools": tools, "documents": None}
    call = {"id": "call00001", "type": "function", "function": {"name": "weather", "arguments": "{\"town\": \"Köln\"}"}}
    found["arguments as a text"] = {"messages": [
        {"role": "user", "content": "Köln?"}, {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "rain", "tool_call_id": "call00001", "name": "weather"}, {"role": "assistant", "content": "Rain."}],
        "tools": next(tools for _, tools in GOLDEN.values() if tools), "documents": None}
    found["documents"] = {"messages": [{"role": "user", "content": "A colour?", "name": "Ann"}, {"role": "assistant", "content": "Blue."}], "tools": None, "documents": DOCUMENTS}
    return found


def print_by_jinja(folder, cases):
    env, printed = environment(), {}
    for path in sorted(folder.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        try:
            template, fault = env.from_string(source), None
        except Exception as error:  # no template at all
            template, fault = None, f"{type(error).__name__}: {error}"
        for name, case in cases.items():
            messages = []
            for message in case["messages"]:
                message = dict(message)
                thought = message.pop("reasoning_content", None)
                if thought is not None:
                    message.update({key: thought for key in names_read(source)})
                messages.append(message)
            for prompt in (False, True):
                if template is None:
                    printed[path.name, name, prompt] = (None, fault)
                    continue
                try:
                    text = template.render(messages=messages, tools=case["tools"], documents=case["documents"], add_generation_prompt=prompt, **TOKENS)
                    result = (text.replace("\ue000", "").replace("\ue001", ""), None)
                except Exception as error:  # whatever a template does wrong is its refusal
                    result = (None, f"{type(error).__name__}: {error}")
                printed[path.name, name, prompt] = result
    return printed


def print_by_pursuit(folder, cases):
    program = os.environ.get("PURSUIT_BENCHMARKS") or f"dotnet {ROOT}/benchmarks/Pursuit.Benchmarks/bin/Release/net10.0/Pursuit.Benchmarks.dll"
    with tempfile.TemporaryDirectory() as directory:
        given, out = pathlib.Path(directory, "conversations.json"), pathlib.Path(directory, "printed.jsonl")
        given.write_text(json.dumps({"now": NOW.isoformat(), **TOKENS, "conversations": cases}, ensure_ascii=False), encoding="utf-8")
        seconds = subprocess.run([*shlex.split(program), "templates", str(folder), str(given), str(out)], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {(r["template"], r["conversation"], r["prompt"]): (r["text"], r["refusal"]) for r in lines}, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=10, help="differences to print")
    args = parser.parse_args()
    cases = conversations()
    start = time.perf_counter()
    expected = print_by_jinja(args.folder, cases)
    jinja_seconds = time.perf_counter() - start
    actual, seconds = print_by_pursuit(args.folder, cases)
    assert expected.keys() == actual.keys(), "the two sides printed different cases"
    kinds, differences = collections.Counter(), []
    for key, (text, refusal) in expected.items():
        ours, our_refusal = actual[key]
        kind = ("the same" if text == ours else "different") if text is not None and ours is not None else \
            "refused by both" if text is None and ours is None else "refused by Pursuit alone" if ours is None else "refused by jinja2 alone"
        kinds[kind] += 1
        if kind not in ("the same", "refused by both"):
            differences.append((kind, key, text, ours, refusal or our_refusal))
    print(f"{len({template for template, _, _ in expected})} templates x {len(cases)} conversations, with and without a generation prompt: jinja2 {jinja_seconds:.1f} s, Pursuit {seconds}")
    print("| the same | refused by both | different | refused by Pursuit alone | refused by jinja2 alone |\n|---|---|---|---|---|")
    print(f"| {kinds['the same']} | {kinds['refused by both']} | {kinds['different']} | {kinds['refused by Pursuit alone']} | {kinds['refused by jinja2 alone']} |")
    shown = set()
    for kind, (template, conversation, prompt), text, ours, reason in differences:
        if (kind, template, reason) in shown or len(shown) >= args.show:
            continue
        shown.add((kind, template, reason))
        print(f"\n{kind}: {template}, {conversation}, prompt {prompt}: {reason or ''}")
        if text is not None and ours is not None:
            at = next((i for i, (a, b) in enumerate(zip(text, ours)) if a != b), min(len(text), len(ours)))
            print(f"  jinja2:  {text[max(0, at - 40):at + 60]!r}\n  Pursuit: {ours[max(0, at - 40):at + 60]!r}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
