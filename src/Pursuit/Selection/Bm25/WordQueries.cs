using Pursuit.Selection.Dsir;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Bm25;

/// <summary>The words of a target's examples, numbered, and how often each is asked for.</summary>
internal sealed class WordQueries
{
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly List<double> _weights = [];

    /// <summary>Different words.</summary>
    public int Words => _weights.Count;

    /// <summary>A target's queries: a word's weight is its mean count over the target's examples.</summary>
    public static WordQueries Of(ITextFeatures target, CancellationToken cancellationToken)
    {
        var queries = new WordQueries();
        var reader = new GramReader(GramHash.Fast, 1);
        foreach (var text in target.Read(cancellationToken))
        {
            foreach (var word in reader.ReadWords(text))
            {
                if (!queries._numbers.TryGetValue(word, out var number))
                {
                    queries._numbers.Add(word, number = queries.Words);
                    queries._weights.Add(0);
                }

                queries._weights[number]++;
            }
        }

        for (var w = 0; w < queries.Words; w++) queries._weights[w] /= target.Count;
        return queries;
    }

    /// <summary>A word's number, or -1 where no query has it.</summary>
    public int NumberOf(ulong word) => _numbers.GetValueOrDefault(word, -1);

    /// <summary>How often each word is asked for, the mean over queries, [Words].</summary>
    public IReadOnlyList<double> Weights => _weights;

    /// <summary>How often one text asks for each word, [Words].</summary>
    public double[] WeightsOf(string text)
    {
        var weights = new double[Words];
        foreach (var word in new GramReader(GramHash.Fast, 1).ReadWords(text))
            if (NumberOf(word) is >= 0 and var number) weights[number]++;
        return weights;
    }
}
