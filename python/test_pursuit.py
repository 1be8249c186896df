"""Tries the installed wheel: python3 -m unittest python/test_pursuit.py; frames are tried where pandas is there."""

import contextlib
import io
import os
import random
import signal
import sys
import tempfile
import threading
import types
import unittest
import unittest.mock
from pathlib import Path

import pursuit

try:
    import pandas
except ImportError:
    pandas = None

ROWS = [{"id": f"r{i}", "prompt": f"What is {i} and {i}?", "completion": f"It is {2 * i}."} for i in range(40)]
TARGET = [{"prompt": "What is 3 and 3?", "completion": "It is 6."}]


class PursuitTests(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.told = io.StringIO()
        redirect = contextlib.redirect_stderr(self.told)
        redirect.__enter__()
        self.addCleanup(redirect.__exit__, None, None, None)

    def select(self, pool=ROWS, **options):
        options = {"budget": 5, "method": "bm25", "directory": self.directory.name, "no_report": True, **options}
        return pursuit.select(pool, TARGET, **options)

    def test_rows_are_selected_and_their_numbers_come_back(self):
        result = self.select()
        self.assertEqual(len(result.indices), 5)
        self.assertEqual(result.ids, [f"r{i}" for i in result.indices])
        self.assertEqual(result.indices[0], 3)
        self.assertEqual(len(result.weights), 5)
        self.assertEqual(result.scores, sorted(result.scores, reverse=True))
        self.assertEqual(result.summary["selected"], 5)
        self.assertTrue((result.run / "run.json").exists())
        self.assertEqual(len(result.records.read_text().splitlines()), 5)
        self.assertIn("Read      40 rows", self.told.getvalue())
        self.assertTrue(self.select().summary["reused"])

    def test_paths_generators_columns_and_filters_are_taken(self):
        path = Path(self.directory.name, "mine.csv")
        path.write_text("question,answer,n\n" + "".join(f"What is {i}?,It is {i}.,{i}\n" for i in range(20)))
        columns = {"prompt": "question", "completion": "answer"}
        result = self.select(path, columns=columns, where="n < 4", budget="100%")
        self.assertEqual(sorted(result.indices), [0, 1, 2, 3])
        self.assertEqual(len(self.select([str(path)], columns=columns).indices), 5)
        self.assertEqual(self.select(row for row in ROWS).indices, self.select().indices)

    @unittest.skipIf(pandas is None, "no pandas here")
    def test_a_frame_is_taken(self):
        frame = pandas.DataFrame(ROWS)
        result = self.select(frame)
        self.assertEqual(result.indices, self.select().indices)
        self.assertEqual(list(frame.iloc[result.indices]["id"]), result.ids)

    def test_an_error_says_what_was_found_and_expected(self):
        with self.assertRaises(pursuit.Error) as raised:
            self.select(where="prompt = = 5")
        error = raised.exception
        self.assertEqual(error.code, 2)
        self.assertEqual(error.found, "column 10: '='")
        self.assertTrue(error.expected.startswith("a field"))
        self.assertIn("docs/formats/filters.md", error.advice)
        self.assertTrue(str(error).startswith("--where: column 10"))
        with self.assertRaisesRegex(pursuit.Error, "no-such-option"):
            self.select(no_such_option=1)
        with self.assertRaisesRegex(TypeError, "row 0 is a int"):
            self.select([1, 2])

    def test_tables_are_read_back_by_a_package_that_reads_them_and_refused_before_the_run_without_one(self):
        out = os.path.join(self.directory.name, "a.parquet")
        read = types.ModuleType("pyarrow.parquet")
        read.read_table = lambda path: types.SimpleNamespace(to_pylist=lambda: [
            {"id": "x", "content_id": "y", "index": 3, "weight": 1.0, "score": 0.5, "path": str(path)}])
        package = types.ModuleType("pyarrow")
        package.parquet = read
        with unittest.mock.patch.dict(sys.modules, {"pyarrow": package, "pyarrow.parquet": read}):
            self.assertEqual(self.select(out=out).indices, [3])
        with open(out, "rb") as file:
            self.assertEqual(file.read(4), b"PAR1")
        os.remove(out)
        with unittest.mock.patch.dict(sys.modules, {"pyarrow": None, "polars": None}):
            with self.assertRaisesRegex(pursuit.Error, "neither pyarrow nor polars"):
                self.select(out=out)
        self.assertFalse(os.path.exists(out))

    def test_prune_and_score_answer_alike(self):
        kept = pursuit.prune(ROWS, keep=10, method="zip", directory=self.directory.name, no_report=True)
        self.assertEqual(len(kept.indices), 10)
        scores = pursuit.score(ROWS, TARGET, methods=["zip", "dsir"], directory=self.directory.name)
        self.assertEqual(scores.indices, list(range(40)))
        self.assertEqual(set(scores.scores), {"zip", "dsir"})
        self.assertEqual(len(scores.scores["zip"]), 40)

    def test_prove_answers_with_its_summary(self):
        proof = pursuit.prove(
            ROWS, TARGET, [{"prompt": "What is 4 and 4?", "completion": "It is 8."}], methods="length", budget="20%", seeds=2, epochs=1,
            directory=self.directory.name)
        self.assertTrue(proof.run.exists())
        self.assertTrue(proof.summary)

    def test_an_interrupt_reaches_the_run(self):
        words = random.Random(1)
        texts = [{"text": " ".join(str(words.randrange(10**6)) for _ in range(200))} for _ in range(2000)]
        timer = threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT))
        self.addCleanup(timer.cancel)
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            pursuit.prune(texts, keep="50%", directory=self.directory.name, no_report=True)  # trains two models: far longer than that
        self.assertFalse(Path(self.directory.name, "selected.jsonl").exists())


if __name__ == "__main__":
    unittest.main()
