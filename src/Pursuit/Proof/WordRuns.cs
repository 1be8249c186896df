using System.Runtime.InteropServices;
using Pursuit.Data;

namespace Pursuit.Proof;

/// <summary>
/// The runs of 13 words of an example, as 64-bit hashes. Words are those of <see cref="AnswerText.Words"/>; runs don't cross from
/// one turn to the next, and the system turn's are left out: a standing instruction is meant to be shared. An example of fewer
/// than 13 words in all counts as one run.
/// </summary>
internal static class WordRuns
{
    /// <summary>Words of a run (Brown et al., 2020, look for runs of 13 as well).</summary>
    public const int Length = 13;

    private const ulong Factor = 0x9E3779B97F4A7C15; // odd, so no word's part is lost modulo 2^64

    /// <summary>Adds each run's hash with whether it is of the answer, and returns the turns' words.</summary>
    /// <param name="example">The example.</param>
    /// <param name="runs">Gets hash, turn, first word in the turn.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Collect(Example example, List<WordRun> runs)
    {
        IReadOnlyList<string>[] turns = example.Text is { } text
            ? [AnswerText.Words(text)]
            : [.. example.Turns.Where(t => t.Role != Turn.System).Select(t => AnswerText.Words(t.Content))];
        bool[] answers = example.IsText ? [false] : [.. example.Turns.Where(t => t.Role != Turn.System).Select(t => t.IsTrained)];
        runs.Clear();
        var total = turns.Sum(t => t.Count);
        if (total is > 0 and < Length)
        {
            var hash = 0UL;
            foreach (var word in turns.SelectMany(t => t)) hash = hash * Factor + Hash(word);
            runs.Add(new WordRun(hash + (ulong)total, 0, 0, false));
            return turns;
        }

        var leaving = 1UL;
        for (var i = 0; i < Length; i++) leaving *= Factor;
        for (var turn = 0; turn < turns.Length; turn++)
        {
            var words = turns[turn];
            var hash = 0UL;
            for (var i = 0; i < words.Count; i++)
            {
                hash = hash * Factor + Hash(words[i]);
                if (i >= Length) hash -= leaving * Hash(words[i - Length]);
                if (i >= Length - 1) runs.Add(new WordRun(hash, turn, i - Length + 1, answers[turn]));
            }
        }

        return turns;
    }

    /// <summary>The words of a run as a person reads them.</summary>
    public static string Text(IReadOnlyList<IReadOnlyList<string>> turns, WordRun run)
    {
        var total = turns.Sum(t => t.Count);
        return string.Join(' ', total < Length ? turns.SelectMany(t => t) : turns[run.Turn].Skip(run.First).Take(Length));
    }

    /// <summary>FNV-1a over the characters, mixed to spread into the high bits.</summary>
    private static ulong Hash(string word)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in MemoryMarshal.Cast<char, ushort>(word.AsSpan())) hash = (hash ^ c) * 0x100000001B3UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }
}

/// <summary>One run of words.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Turn">The turn it is in, system turns not counted.</param>
/// <param name="First">Its first word in the turn.</param>
/// <param name="OfAnswer">True in the assistant's words.</param>
internal readonly record struct WordRun(ulong Hash, int Turn, int First, bool OfAnswer);
