using System.Security.Cryptography;
using System.Text;
using Pursuit.Selection;

namespace Pursuit.TestKit;

/// <summary>Small selection problems of a known make.</summary>
internal static class Problems
{
    /// <summary>A content id made of a name.</summary>
    public static ContentId Id(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>A pool of <paramref name="rows"/> examples with answers of 1 to 100 tokens, in three sources.</summary>
    public static SelectionProblem Pool(int rows, string budget, ulong seed = 0)
    {
        var random = new SeededRandom(5, "testkit/problem");
        var supervised = new int[rows];
        var tokens = new int[rows];
        var sources = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            supervised[i] = 1 + random.NextInt(100);
            tokens[i] = supervised[i] + 1 + random.NextInt(50);
            sources[i] = random.NextInt(3);
        }

        return new SelectionProblem
        {
            ContentIds = [.. Enumerable.Range(0, rows).Select(i => Id($"example {i}"))],
            Budget = Budget.Parse(budget),
            Seed = seed,
            TokenCounts = new TokenCounts(tokens, supervised),
            Sources = sources,
            SourceNames = ["books", "code", "mail"],
        };
    }
}
