using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>A row that a pass found worth choosing.</summary>
/// <param name="Position">Its position in the pool.</param>
/// <param name="Score">Its score, above zero.</param>
/// <param name="Products">Its products with the right-hand sides, where the rule keeps them; else empty.</param>
internal readonly record struct Candidate(int Position, float Score, double[] Products)
{
    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="reader">Where from.</param>
    /// <param name="columns">Products that come with a row.</param>
    public static Candidate Read(BinaryReader reader, int columns)
    {
        var (position, score) = (reader.ReadInt32(), reader.ReadSingle());
        var products = columns == 0 ? [] : new double[columns];
        for (var j = 0; j < columns; j++) products[j] = reader.ReadDouble();
        return new Candidate(position, score, products);
    }

    /// <summary>Writes it for another process.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(Position);
        writer.Write(Score);
        foreach (var product in Products) writer.Write(product);
    }
}

/// <summary>Rows with scores.</summary>
internal interface ICandidates
{
    /// <summary>Up to <paramref name="count"/> rows with a score above zero, best first, equal scores by content id.</summary>
    Candidate[] Best(int count);

    /// <summary>Excludes rows: they have no score from here on.</summary>
    void Exclude(ReadOnlySpan<int> positions);

    /// <summary>What is known of candidates' products with the support's rows and with each other; null where nothing is.</summary>
    /// <param name="candidates">Positions of rows that are to join the support.</param>
    IKnownProducts? Products(ReadOnlySpan<int> candidates) => null;
}

/// <summary>Products of rows that join a support.</summary>
internal interface IKnownProducts
{
    /// <summary>Where in <see cref="With"/> the joining rows stand, in their order.</summary>
    ReadOnlySpan<int> Places { get; }

    /// <summary>phi_i . phi of a row of the support, or of one that joins it, with every row that might join.</summary>
    /// <param name="position">The row's position in the pool.</param>
    ReadOnlySpan<float> With(int position);
}

/// <summary>The scores that a pass gave, wherever the rows are.</summary>
internal interface IScoredRows : ICandidates
{
    /// <summary>Every row's score as it stands now, or why it has none.</summary>
    /// <param name="support">Rows that were chosen already.</param>
    /// <param name="excluded">Rows that can't be chosen.</param>
    IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded);
}

/// <summary>The scores of the rows that this process reads: a top-k fused into the pass, whose products don't outlive their tile.</summary>
internal sealed class ScoredRows : IScoredRows
{
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly RowRange _own;
    private readonly int _columns;
    private readonly float[] _scores;
    private readonly double[] _products;

    private ScoredRows(RowRange own, ScorePass pass)
    {
        (_own, _contentIds) = (own, pass.ContentIds);
        _columns = pass.KeptColumns;
        _scores = new float[own.Count];
        _products = new double[(long)own.Count * _columns];
    }

    /// <summary>Makes a pass over a process's own rows.</summary>
    /// <param name="rows">phi.</param>
    /// <param name="pass">What is scored.</param>
    public static ScoredRows Make(GradientRows rows, ScorePass pass) =>
        Make(rows, pass, visit => rows.ScanTiles(pass.Rhs, pass.Rule.Columns, pass.Threads, visit, pass.CancellationToken));

    /// <summary>Takes what a pass gives that <paramref name="scan"/> makes.</summary>
    public static ScoredRows Make(GradientRows rows, ScorePass pass, Action<ProductVisitor> scan)
    {
        var scored = new ScoredRows(rows.Own, pass);
        var rule = pass.Rule;
        var columns = rule.Columns;
        scan((products, first, count) =>
        {
            for (var r = 0; r < count; r++)
            {
                if (rows.Norms[first + r] == 0) continue;
                scored._scores[first - rows.Own.First + r] = rule.Score(products.Slice(r * columns, columns), rows.Norms[first + r]);
            }

            if (rule.KeepsProducts) products.CopyTo(scored._products.AsSpan((first - rows.Own.First) * columns));
        });
        scored.Exclude(pass.Excluded);
        return scored;
    }

    /// <inheritdoc/>
    public Candidate[] Best(int count)
    {
        var best = TopK.Largest(
            _scores,
            count,
            (a, b) => _contentIds[_own.First + (int)a].CompareTo(_contentIds[_own.First + (int)b]),
            above: 0);
        return Array.ConvertAll(
            best,
            i => new Candidate(_own.First + i, _scores[i], _columns == 0 ? [] : _products.AsSpan(i * _columns, _columns).ToArray()));
    }

    /// <inheritdoc/>
    public void Exclude(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions)
            if (_own.Contains(position)) _scores[position - _own.First] = 0;
    }

    /// <inheritdoc/>
    public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded) => new GainsHere(Noted(support, excluded));

    /// <summary>The scores as they are kept: with why a row has none.</summary>
    public float[] Noted(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded)
    {
        var noted = (float[])_scores.Clone();
        Mark(excluded, PursuitGains.Excluded);
        Mark(support, PursuitGains.Chosen);
        return noted;

        void Mark(ReadOnlySpan<int> positions, float mark)
        {
            foreach (var position in positions)
                if (_own.Contains(position)) noted[position - _own.First] = mark;
        }
    }
}
