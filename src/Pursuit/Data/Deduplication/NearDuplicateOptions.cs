using System.ComponentModel;
using static System.FormattableString;

namespace Pursuit.Data.Deduplication;

/// <summary>
/// Which examples of a pool are near duplicates of earlier ones, which then stay out of it: MinHash with banding proposes pairs (Broder,
/// "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", ch. 3), the
/// exact Jaccard similarity of their sets of n-grams decides.
/// </summary>
public sealed record NearDuplicateOptions
{
    /// <summary>The name that the options go by in settings, as a method's do: <c>dedup.threshold=0.9</c>.</summary>
    internal const string Name = "dedup";

    /// <summary>The least Jaccard similarity of near duplicates. Default 0.8, range 0.1 to 1.</summary>
    [Description("the least Jaccard similarity of near duplicates, 0.1 to 1")]
    public double Threshold { get; init; } = 0.8;

    /// <summary>What n-grams are made of. Default <see cref="GramUnit.Words"/>.</summary>
    [Description("what n-grams are made of: words or characters")]
    public GramUnit Unit { get; init; } = GramUnit.Words;

    /// <summary>Words or characters of an n-gram. Default 5, range 1 to 64. A shorter text is one n-gram.</summary>
    [Description("words or characters of an n-gram, 1 to 64; a shorter text is one n-gram")]
    public int GramSize { get; init; } = 5;

    /// <summary>What must be alike. Default <see cref="ComparedParts.Whole"/>.</summary>
    [Description("what must be alike: whole (all that is said), or whole-and-answers (that, and the trained answers by themselves)")]
    public ComparedParts Compare { get; init; } = ComparedParts.Whole;

    /// <summary>Hash functions of a signature: more find pairs at the threshold more surely. Default 128, range 16 to 1,024.</summary>
    [Description("hash functions of a signature, 16 to 1024")]
    public int Permutations { get; init; } = 128;

    /// <summary>
    /// The seed of the hash functions; default 0, range 0 or more. It is apart from a run's seed, which then doesn't change the pool.
    /// </summary>
    [Description("the seed of the hash functions, 0 or more; apart from the run's, which doesn't change the pool")]
    public int Seed { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        // Below 0.1 even bands of one row propose nearly all pairs.
        if (!(Threshold is >= 0.1 and <= 1)) throw PursuitException.At($"{Name}.threshold", Invariant($"{Threshold}"), "0.1 to 1");
        if (!Enum.IsDefined(Unit)) throw PursuitException.At($"{Name}.unit", $"{(int)Unit}", "words or characters");
        if (GramSize is < 1 or > 64) throw PursuitException.At($"{Name}.gram-size", Invariant($"{GramSize}"), "1 to 64");
        if (!Enum.IsDefined(Compare)) throw PursuitException.At($"{Name}.compare", $"{(int)Compare}", "whole or whole-and-answers");
        if (Permutations is < 16 or > 1024) throw PursuitException.At($"{Name}.permutations", Invariant($"{Permutations}"), "16 to 1024");
        if (Seed < 0) throw PursuitException.At($"{Name}.seed", Invariant($"{Seed}"), "0 or more");
    }

    /// <summary>What a pool's fingerprint says of the options: those that change what is dropped.</summary>
    internal string Describe() =>
        Invariant($"near duplicates v1 threshold={Threshold:R} unit={Unit} gram-size={GramSize} compare={Compare} ")
        + Invariant($"permutations={Permutations} seed={Seed}");
}

/// <summary>What an n-gram consists of.</summary>
public enum GramUnit
{
    /// <summary>
    /// Runs of letters, marks and numbers, in lower case; where writing has no spaces, each letter. Punctuation and white space don't
    /// count.
    /// </summary>
    Words,

    /// <summary>Characters in lower case, runs of white space as one.</summary>
    Characters,
}

/// <summary>What of two examples must be alike for one to be the other's near duplicate.</summary>
public enum ComparedParts
{
    /// <summary>All that is said: a text, or a conversation but for its system turns.</summary>
    Whole,

    /// <summary>
    /// All that is said and, by themselves, the answers that are trained: where a long instruction is shared by many rows, another
    /// answer is another example.
    /// </summary>
    WholeAndAnswers,
}
