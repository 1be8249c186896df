using System.Runtime.InteropServices;

namespace Pursuit.Selection.Passes;

/// <summary>A pass whose answers a journal keeps: the pass is made when something is asked that isn't there.</summary>
/// <param name="journal">Where answers are kept.</param>
/// <param name="question">A digest of all that the pass's scores depend on.</param>
/// <param name="columns">Products that come with a row; 0 for none.</param>
/// <param name="pass">Makes the pass.</param>
internal sealed class JournaledScores(PursuitJournal journal, byte[] question, int columns, Func<IScoredRows> pass) : IScoredRows
{
    private readonly List<int> _excluded = [];
    private IScoredRows? _made;
    private JournalKind _next = JournalKind.Pass;

    public Candidate[] Best(int count)
    {
        var kind = _next;
        _next = JournalKind.More;
        var asked = PursuitJournal.Digest(w =>
        {
            w.Write(question);
            w.Write(count);
            w.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_excluded)));
        });
        if (journal.Find(kind, asked) is { } kept) return Candidates(kept.As<double>());
        var best = Made().Best(count);
        journal.Keep(kind, asked, MemoryMarshal.AsBytes(Numbers(best).AsSpan()));
        return best;
    }

    public void Exclude(ReadOnlySpan<int> positions)
    {
        _excluded.AddRange(positions);
        _made?.Exclude(positions);
    }

    public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded)
    {
        // A pass over a screen left no gains; another's answers follow.
        if (journal.Next is { } next && next != JournalKind.Gains) return Made().Gains(support, excluded);
        var (chosen, unchoosable) = (support.ToArray(), excluded.ToArray());
        var asked = PursuitJournal.Digest(w =>
        {
            w.Write(question);
            w.Write(chosen.Length);
            w.Write(MemoryMarshal.AsBytes(chosen.AsSpan()));
            w.Write(MemoryMarshal.AsBytes(unchoosable.AsSpan()));
        });
        if (journal.Find(JournalKind.Gains, asked) is { } kept) return new JournalGains(kept);
        var made = Made().Gains(support, excluded);
        return made.Owed ? made : new JournalGains(journal.Keep(JournalKind.Gains, asked, MemoryMarshal.AsBytes(made.Read().AsSpan())));
    }

    private IScoredRows Made()
    {
        if (_made is not null) return _made;
        _made = pass();
        _made.Exclude(CollectionsMarshal.AsSpan(_excluded));
        return _made;
    }

    /// <summary>Position, score and products of each row: singles and positions are doubles without loss.</summary>
    private double[] Numbers(Candidate[] candidates)
    {
        var numbers = new double[candidates.Length * (2 + columns)];
        for (var i = 0; i < candidates.Length; i++)
        {
            var row = numbers.AsSpan(i * (2 + columns), 2 + columns);
            (row[0], row[1]) = (candidates[i].Position, candidates[i].Score);
            candidates[i].Products.CopyTo(row[2..]);
        }

        return numbers;
    }

    private Candidate[] Candidates(double[] numbers)
    {
        var candidates = new Candidate[numbers.Length / (2 + columns)];
        for (var i = 0; i < candidates.Length; i++)
        {
            var row = numbers.AsSpan(i * (2 + columns), 2 + columns);
            candidates[i] = new Candidate((int)row[0], (float)row[1], row[2..].ToArray());
        }

        return candidates;
    }

    private sealed record JournalGains(JournalAnswer Answer) : IPassGains
    {
        public float[] Read() => Answer.As<float>();
    }
}
