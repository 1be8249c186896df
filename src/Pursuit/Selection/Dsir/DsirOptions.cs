using System.ComponentModel;

namespace Pursuit.Selection.Dsir;

/// <summary>Options of <c>dsir</c>. The defaults are the paper's, but for the hash.</summary>
public sealed record DsirOptions
{
    /// <summary>How n-grams are put into buckets. Default <see cref="GramHash.Fast"/>.</summary>
    [Description("fast, or sha256 for the buckets of the authors' package")]
    public GramHash Hash { get; init; } = GramHash.Fast;

    /// <summary>Buckets. Default 10,000; range 2 to 1,000,000.</summary>
    [Description("buckets that words and pairs of words are hashed into, 2 to 1000000")]
    public int Buckets { get; init; } = 10_000;

    /// <summary>
    /// Draw without replacement, by Gumbel noise on the log weights (the paper), instead of taking the top. Default true.
    /// </summary>
    [Description("true draws by importance without replacement (the paper), false takes the highest weights")]
    public bool Resample { get; init; } = true;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (Buckets is < 2 or > 1_000_000)
            throw PursuitException.At("dsir.buckets", $"{Buckets}", "2 to 1000000");
    }
}

/// <summary>How an n-gram finds its bucket.</summary>
public enum GramHash
{
    /// <summary>
    /// A 64-bit hash of the characters, mixed; many times faster. Letters of writing without spaces are words by themselves.
    /// </summary>
    Fast,

    /// <summary>
    /// SHA-256 of the n-gram's UTF-8, its words joined by spaces, modulo the buckets: as the authors' package, whose words are
    /// WordPunct's in every script.
    /// </summary>
    Sha256,
}
