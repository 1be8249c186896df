namespace Pursuit.Selection.Distributed;

/// <summary>What rank 0 asks of the others where a method reads embeddings.</summary>
internal enum EmbeddingRequest : byte
{
    /// <summary>Make rows of the pool's embeddings: unit, factor. No answer.</summary>
    Open,

    /// <summary>Put own rows to the nearest of some centres: centres [C, D]. Answer: own rows in each, [C].</summary>
    Cells,

    /// <summary>The nearest own rows: length, the cells each looks at [V, probes] (none: all rows), queries [V, D]. Answer: lists.</summary>
    Nearest,

    /// <summary>Kernels of own rows about queries: squared width, unit, positions, queries [Q, D]. Answer: sums, near-duplicates.</summary>
    Kernels,

    /// <summary>Each own row's largest similarity: target [V, D]. Answer: [own rows] doubles.</summary>
    Largest,

    /// <summary>The most similar own rows: length, target [V, D]. Answer: lists.</summary>
    MostSimilar,

    /// <summary>Begin to take rows far from each other: rows that are never taken. No answer.</summary>
    OpenKCenter,

    /// <summary>The largest size of a number of own rows. Answer: one double.</summary>
    LargestNumber,

    /// <summary>Sums of own rows: unit. Answer: [D] fixed-point numbers.</summary>
    Sums,

    /// <summary>The own row nearest to a point: point [D]. Answer: row and score.</summary>
    NearestToPoint,

    /// <summary>Take a row: position, row [D]. Answer: the own row farthest from all taken, and its score.</summary>
    Take,

    /// <summary>Squared distances to the nearest taken row. Answer: [own rows] doubles.</summary>
    Squared,

    /// <summary>Nothing more will come.</summary>
    Done,
}
