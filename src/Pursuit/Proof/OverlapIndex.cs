using Pursuit.Data;

namespace Pursuit.Proof;

/// <summary>
/// The content ids and word runs of some tests, in memory; other examples stream past and are held against them. Tests are small
/// and pools aren't.
/// </summary>
internal sealed class OverlapIndex
{
    private const int PairsKept = 10;

    private readonly IReadOnlyList<(string Name, IReadOnlyList<Example> Examples)> _tests;
    private readonly Dictionary<ContentId, List<Place>> _ids = [];
    private readonly Dictionary<ulong, (int Start, int Count)> _runs = [];
    private readonly Place[] _places;

    /// <summary>Indexes tests.</summary>
    /// <param name="tests">Each test's name and examples.</param>
    public OverlapIndex(IReadOnlyList<(string Name, IReadOnlyList<Example> Examples)> tests)
    {
        _tests = tests;
        var found = new List<(ulong Hash, Place Place)>();
        var runs = new List<WordRun>();
        for (var test = 0; test < tests.Count; test++)
        {
            for (var i = 0; i < tests[test].Examples.Count; i++)
            {
                var example = tests[test].Examples[i];
                if (!_ids.TryGetValue(example.ContentId, out var same)) _ids[example.ContentId] = same = [];
                same.Add(new Place(test, i, false));
                WordRuns.Collect(example, runs);
                foreach (var run in runs) found.Add((run.Hash, new Place(test, i, run.OfAnswer)));
            }
        }

        found.Sort((a, b) => a.Hash.CompareTo(b.Hash));
        _places = [.. found.Select(f => f.Place)];
        for (int start = 0, end; start < found.Count; start = end)
        {
            for (end = start + 1; end < found.Count && found[end].Hash == found[start].Hash;) end++;
            _runs[found[start].Hash] = (start, end - start);
        }
    }

    /// <summary>Holds examples against every test.</summary>
    /// <param name="examples">The examples, read once.</param>
    /// <param name="with">What they are called: "pool", or "target".</param>
    /// <param name="onExample">Told how many have passed, or null.</param>
    /// <returns>One account per test.</returns>
    public IReadOnlyList<Overlap> Compare(IEnumerable<Example> examples, string with, Action<long>? onExample = null)
    {
        var marks = _tests.Select(t => new Marks(t.Examples.Count)).ToArray();
        var spent = new HashSet<int>(); // runs whose test examples are all marked: the next hit need only count the other side
        var runs = new List<WordRun>();
        var touched = new HashSet<int>();
        long passed = 0;
        foreach (var example in examples)
        {
            touched.Clear();
            foreach (var place in _ids.GetValueOrDefault(example.ContentId) ?? [])
            {
                touched.Add(place.Test);
                if (!marks[place.Test].Same[place.Example]) Keep(place, example, null);
                marks[place.Test].Same[place.Example] = true;
            }

            var words = WordRuns.Collect(example, runs);
            foreach (var run in runs)
            {
                if (!_runs.TryGetValue(run.Hash, out var range)) continue;
                var first = spent.Add(range.Start);
                for (var i = range.Start; i < range.Start + range.Count; i++)
                {
                    var place = _places[i];
                    touched.Add(place.Test);
                    if (!first) continue;
                    if (!marks[place.Test].Run[place.Example] && !marks[place.Test].Same[place.Example])
                        Keep(place, example, WordRuns.Text(words, run));
                    marks[place.Test].Run[place.Example] = true;
                    marks[place.Test].AnswerRun[place.Example] |= place.OfAnswer;
                }
            }

            foreach (var test in touched) marks[test].Others++;
            onExample?.Invoke(++passed);
        }

        return [.. _tests.Select((t, i) => marks[i].Account(t.Name, with))];

        void Keep(Place place, Example other, string? shared)
        {
            var pairs = marks[place.Test].Pairs;
            if (pairs.Count < PairsKept) pairs.Add(new OverlapPair(Name(_tests[place.Test].Examples[place.Example]), Name(other), shared));
        }
    }

    private static string Name(Example example) => example.Id ?? example.ContentId.ToString();

    /// <summary>Where a run or a content id of the tests stands.</summary>
    private readonly record struct Place(int Test, int Example, bool OfAnswer);

    /// <summary>What was found of one test.</summary>
    private sealed class Marks(int examples)
    {
        public bool[] Same { get; } = new bool[examples];

        public bool[] Run { get; } = new bool[examples];

        public bool[] AnswerRun { get; } = new bool[examples];

        public long Others { get; set; }

        public List<OverlapPair> Pairs { get; } = [];

        public Overlap Account(string test, string with) => new()
        {
            Test = test,
            With = with,
            TestExamples = examples,
            SameContent = Same.Count(m => m),
            SharedRun = Enumerable.Range(0, examples).Count(i => Run[i] || Same[i]),
            SharedAnswerRun = AnswerRun.Count(m => m),
            Examples = Others,
            First = Pairs,
        };
    }
}
